import * as tf from "@tensorflow/tfjs-core";

/** Node has WebAssembly, but its types come with the browser's only. */
interface WebAssemblyNamespace {
  instantiate(
    binary: Uint8Array,
    imports: { readonly env: { readonly memory: object } },
  ): Promise<{ readonly instance: { readonly exports: object } }>;
}

/** What of TensorFlow.js's wasm backend a kernel of our own needs. */
export interface WasmBackend {
  readonly wasm: { readonly asm: { readonly memory: { readonly buffer: ArrayBuffer } } };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): tf.TensorInfo;
}

/** The wasm backend in use. */
export function wasmBackend(): WasmBackend {
  return tf.backend() as unknown as WasmBackend;
}

/** An instance of kernels of our own that works on the backend's memory. @param binary base64. */
export async function instantiateOnBackend(binary: string): Promise<object> {
  const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyNamespace };
  const { instance } = await webAssembly.instantiate(Buffer.from(binary, "base64"), {
    env: { memory: wasmBackend().wasm.asm.memory },
  });
  return instance.exports;
}

/** A tensor's values where they lie, to be read at once: they move when the backend's memory grows. */
export function valuesInPlace(tensor: tf.Tensor): Float32Array {
  return new Float32Array(wasmBackend().wasm.asm.memory.buffer, addressOf(tensor), tensor.size);
}

/** Where a tensor of the backend begins in its memory, in bytes. */
export function addressOf(tensor: tf.TensorInfo): number {
  return wasmBackend().dataIdMap.get(tensor.dataId).memoryOffset;
}
