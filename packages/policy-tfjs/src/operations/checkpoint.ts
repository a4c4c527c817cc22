import * as tf from "@tensorflow/tfjs-core";
import { differentiable } from "./differentiable.ts";

/** A part of a model: from tensors that gradients flow to, in order, to one tensor. It may capture constants kept outside the tape. */
export type Segment<Inputs extends readonly tf.Tensor[], Value extends tf.Tensor> = (...inputs: Inputs) => Value;

/** How segments are differentiated: recorded as they run, or run again. */
export type RunSegment = <Inputs extends readonly tf.Tensor[], Value extends tf.Tensor>(
  inputs: Inputs,
  segment: Segment<Inputs, Value>,
) => Value;

/** The tape keeps what the segment's operations keep; all else is freed when the segment ends, rather than when the whole pass does. */
export const recorded: RunSegment = (inputs, segment) => tf.tidy(() => segment(...inputs));

/**
 * The tape keeps the segment's inputs alone; its gradient runs it again (gradient checkpointing, Chen et al. 2016). Values and gradients
 * are those of `recorded`.
 */
export const checkpointed: RunSegment = (inputs, segment) =>
  differentiable(
    inputs,
    () => ({ value: segment(...inputs), saved: inputs }),
    (gradient, saved) =>
      withTapeOfItsOwn(() =>
        tf.grads((...again) => segment(...(again as unknown as typeof inputs)))([...saved], gradient),
      ),
  );

/** TensorFlow.js has one tape at a time outside a forward pass: a gradient within a gradient would end the outer one's. */
function withTapeOfItsOwn<Result>(differentiate: () => Result): Result {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return differentiate();
  } finally {
    state.activeTape = outer;
  }
}
