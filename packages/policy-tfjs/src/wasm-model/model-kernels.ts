import { FoveaError } from "@fovea-rl/core";
import { compiledKernels, instantiateKernels } from "./compiled-kernels.ts";
import type { Address, KernelExports } from "./kernel-exports.ts";

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536;
const FLOAT = 4;
/** Buffers begin at cache lines, and kernels may touch them up to a multiple of sixteen floats. */
const ALIGNMENT = 64;

export function roundUpToSixteen(count: number): number {
  return Math.ceil(count / 16) * 16;
}

/**
 * An instance of the kernels with a memory of its own, given out from its lower end upwards. What a pass allocates is given back when it
 * ends, all at once; the memory itself stays, as WebAssembly cannot return it, for the next pass.
 */
export class ModelKernels {
  readonly run: KernelExports;
  #free: Address;

  constructor() {
    this.run = instantiateKernels(compiledKernels());
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
