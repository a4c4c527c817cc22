import protobuf from "protobufjs";

/**
 * The messages that newer clients of the protocol send and take in place of JSON, as far as they are served here. Tensors travel as
 * little-endian bytes.
 */
const { root } = protobuf.parse(
  `syntax = "proto3";
  message SampleResponse { repeated SampledSequence sequences = 1; bytes prompt_logprobs = 2; }
  message SampledSequence { int32 stop_reason = 1; bytes tokens = 2; bytes logprobs = 3; }
  message Tensor { optional bytes dense = 1; bytes sparse_csr = 2; int32 dtype = 3; repeated int64 shape = 4; }
  message BatchedTensor { bytes data = 1; bytes offsets = 2; int32 dtype = 3; repeated int64 trailing_shape = 4; }
  message ArrayRecord { string type_tag = 1; map<string, BatchedTensor> fields = 2; int64 num_datums = 3; }
  message ForwardBackwardOutput {
    string loss_fn_output_type = 1;
    repeated ArrayRecord loss_fn_outputs = 2;
    map<string, double> metrics = 3;
  }
  message ForwardBackwardRequest {
    string model_id = 1;
    int32 seq_id = 2;
    repeated Datum data = 3;
    string loss_fn = 4;
    map<string, double> loss_fn_config = 5;
    bool forward_only = 6;
  }
  message Datum { repeated Chunk model_input = 1; map<string, Tensor> loss_fn_inputs = 2; }
  message Chunk { EncodedTextChunk encoded_text = 1; ImageChunk image = 2; bytes dmel = 3; }
  message EncodedTextChunk { bytes tokens = 1; }
  message ImageChunk { bytes data = 1; string format = 2; optional int32 expected_tokens = 3; }`,
  { keepCase: true },
);

export const ForwardBackwardRequestMessage = root.lookupType("ForwardBackwardRequest");
export const ForwardBackwardOutputMessage = root.lookupType("ForwardBackwardOutput");
export const SampleResponseMessage = root.lookupType("SampleResponse");

/** Codes of element types. */
export const ELEMENT_TYPE = { float32: 1, int64: 2, int32: 3 } as const;
