import { FoveaError } from "@fovea-rl/core";
import { MODEL_KERNELS_BINARY } from "../kernels/model-kernels-binary.ts";

/** A place in the kernels' memory, in bytes. 0 stands for none. */
export type Address = number;

/** Node has WebAssembly, but its types come with the browser's only. */
interface WebAssemblyNamespace {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

type Kernel = (...operands: number[]) => void;

/** The functions of assembly/model-kernels.ts; their parameters are documented there. */
export interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  freeMemory(): Address;
  readonly addKeyValueGradients: Kernel;
  readonly addRows: Kernel;
  readonly attend: Kernel;
  readonly attendGradient: Kernel;
  readonly copyRows: Kernel;
  readonly gatherRows: Kernel;
  readonly gelu: Kernel;
  readonly geluGradient: Kernel;
  readonly layerNorm: Kernel;
  readonly layerNormGradient: Kernel;
  readonly logDistributions: Kernel;
  readonly logitGradient: Kernel;
  readonly packPanels: Kernel;
  readonly packTiles: Kernel;
  readonly product: Kernel;
  readonly rmsNorm: Kernel;
  readonly rmsNormGradient: Kernel;
  readonly rotate: Kernel;
  readonly scatterRows: Kernel;
  readonly storeKeyRowsValueColumns: Kernel;
  readonly storeKeysValues: Kernel;
  readonly sumRows: Kernel;
  readonly swiglu: Kernel;
  readonly swigluGradient: Kernel;
  readonly tokenDistributions: Kernel;
  readonly tokenLogprobs: Kernel;
  readonly transposeCache: Kernel;
  readonly transposedProduct: Kernel;
}

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536;
const FLOAT = 4;
/** Buffers begin at cache lines, and kernels may touch them up to a multiple of eight floats. */
const ALIGNMENT = 64;

let compiled: object | undefined;

export function roundUpToEight(count: number): number {
  return Math.ceil(count / 8) * 8;
}

/**
 * An instance of the kernels with a memory of its own, given out from its lower end upwards. What a pass allocates is given back when it
 * ends, all at once; the memory itself stays, as WebAssembly cannot return it, for the next pass.
 */
export class ModelKernels {
  readonly run: KernelExports;
  #free: Address;

  constructor() {
    const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyNamespace };
    compiled ??= new webAssembly.Module(Buffer.from(MODEL_KERNELS_BINARY, "base64"));
    this.run = new webAssembly.Instance(compiled, { env: {} }).exports as KernelExports;
    this.#free = this.run.freeMemory();
  }

  /** Room for some floats; what it holds is undefined. */
  allocate(floats: number): Address {
    const address = this.#free;
    const end = address + Math.ceil((floats * FLOAT) / ALIGNMENT) * ALIGNMENT;
    const pages = Math.ceil(end / PAGE) - this.run.memory.buffer.byteLength / PAGE;
    if (pages > 0) {
      try {
        if (end > MAXIMUM_PAGES * PAGE) throw new RangeError("beyond 32-bit addresses");
        this.run.memory.grow(pages);
      } catch (error) {
        throw new FoveaError(
          `a pass needs ${(end / 2 ** 30).toFixed(1)} GiB of memory, more than can be had (at most 4 GiB); lower the policy's microBatchTokens or samplingRows`,
          { cause: error },
        );
      }
    }
    this.#free = end;
    return address;
  }

  /** Room for some floats, all 0. */
  zeros(floats: number): Address {
    const address = this.allocate(floats);
    this.floats(address, floats).fill(0);
    return address;
  }

  /** A view; the next allocation may detach it. */
  floats(address: Address, length: number): Float32Array {
    return new Float32Array(this.run.memory.buffer, address, length);
  }

  /** A copy of values in the kernels' memory. */
  place(values: Float32Array | Int32Array | Uint32Array): Address {
    const address = this.allocate(values.length);
    const Kind = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof values;
    new Kind(this.run.memory.buffer, address, values.length).set(values);
    return address;
  }

  copy(from: Address, to: Address, floats: number): void {
    new Uint8Array(this.run.memory.buffer).copyWithin(to, from, from + floats * FLOAT);
  }

  /** Runs a pass, and gives back what it allocated. */
  scoped<Result>(pass: () => Result): Result {
    const mark = this.#free;
    try {
      return pass();
    } finally {
      this.#free = mark;
    }
  }
}
