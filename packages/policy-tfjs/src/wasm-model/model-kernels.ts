import { compiledKernels, instantiateKernels } from "./compiled-kernels.ts";
import type { Address, KernelExports } from "./kernel-exports.ts";
import { type Block, FLOAT, KernelMemory } from "./kernel-memory.ts";

/** The least that a thread takes of the memory at a time. */
const SMALLEST_BLOCK = 1 << 20;
/** Bytes of a tile of six rows and sixteen columns. */
const TILE = 6 * 16 * FLOAT;

export function roundUpToSixteen(count: number): number {
  return Math.ceil(count / 16) * 16;
}

/**
 * One thread's kernels, on memory that it may share with others, and what its passes allocate. That is given out from the lower end of the
 * thread's own blocks upwards, and given back when a pass ends, all at once; the blocks stay, for the next pass.
 */
export class ModelKernels {
  readonly run: KernelExports;
  readonly memory: KernelMemory;
  readonly #blocks: Block[];
  /** The block that is being given out; all before it are used up. */
  #current = 0;
  #free: Address;

  constructor(memory: KernelMemory = KernelMemory.create()) {
    this.memory = memory;
    this.run = instantiateKernels(compiledKernels(), memory);
    this.run.setOverhang(memory.reserve(TILE).start);
    this.#blocks = [memory.reserve(SMALLEST_BLOCK)];
    this.#free = this.#blocks[0]!.start;
  }

  /** Room for some floats; what it holds is undefined. */
  allocate(floats: number): Address {
    const bytes = roundUpToSixteen(floats) * FLOAT;
    for (;;) {
      const block = this.#blocks[this.#current]!;
      const isLast = this.#current === this.#blocks.length - 1;
      const lacking = this.#free + bytes - block.end;
      if (lacking <= 0 || (isLast && this.memory.extend(block, this.#sizeOfNext(lacking)))) break;
      if (isLast) this.#blocks.push(this.memory.reserve(this.#sizeOfNext(bytes)));
      this.#current++;
      this.#free = this.#blocks[this.#current]!.start;
    }
    const address = this.#free;
    this.#free += bytes;
    return address;
  }

  /** In proportion to what there is, so that threads that grow at once end up with few blocks each. */
  #sizeOfNext(bytes: number): number {
    const owned = this.#blocks.reduce((sum, { start, end }) => sum + end - start, 0);
    return Math.max(bytes, SMALLEST_BLOCK, Math.floor(owned / 4));
  }

  /** Room for some floats, all 0. */
  zeros(floats: number): Address {
    const address = this.allocate(floats);
    this.run.clear(address, floats);
    return address;
  }

  /** A view. */
  floats(address: Address, length: number): Float32Array {
    return this.memory.floats(address, length);
  }

  /** A copy of values in the kernels' memory. */
  place(values: Float32Array | Int32Array | Uint32Array): Address {
    const address = this.allocate(values.length);
    const Kind = values.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof values;
    new Kind(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  /** Runs a pass, and gives back what it allocated. */
  scoped<Result>(pass: () => Result): Result {
    const [current, free] = [this.#current, this.#free];
    try {
      return pass();
    } finally {
      this.#current = current;
      this.#free = free;
    }
  }
}
