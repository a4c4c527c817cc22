import { FoveaError } from "@fovea-rl/core/fovea-error";
import type { Address } from "./kernel-exports.ts";

/** A WebAssembly.Memory; Node has it, but its types come with the browser's only. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
const { WebAssembly: webAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WebAssemblyMemory;
  };
};

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536;
export const FLOAT = 4;
/** Blocks begin at cache lines, and kernels may touch them up to a multiple of sixteen floats. */
const LINE = 64;

/** What another thread needs to work on the same memory. */
export interface SharedMemory {
  readonly memory: WebAssemblyMemory;
  /** `[1]` int32: how many lines have been given out. */
  readonly end: SharedArrayBuffer;
}

/** A piece of memory, in bytes. */
export interface Block {
  readonly start: Address;
  end: Address;
}

/**
 * Memory that the kernels of several threads work on: weights, gradients and the optimiser's moments lie in it once for all of them, and
 * each thread takes what its passes need. It only grows, as WebAssembly cannot return memory; blocks that are given back wait for the
 * next that are as large. No page is real before it is written to.
 */
export class KernelMemory {
  readonly shared: SharedMemory;
  readonly #lines: Int32Array;
  /** Addresses of blocks given back in this thread, by their size in bytes. */
  readonly #free = new Map<number, Address[]>();

  private constructor(shared: SharedMemory) {
    this.shared = shared;
    this.#lines = new Int32Array(shared.end);
  }

  static create(): KernelMemory {
    const memory = new webAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: true });
    const end = new SharedArrayBuffer(4);
    // The kernels' constants are in the first page.
    new Int32Array(end)[0] = PAGE / LINE;
    return new KernelMemory({ memory, end });
  }

  /** The memory that another thread has created. */
  static of(shared: SharedMemory): KernelMemory {
    return new KernelMemory(shared);
  }

  get buffer(): ArrayBuffer {
    return this.shared.memory.buffer;
  }

  /** A block of at least so many bytes, for good. @throws FoveaError if there are none left. */
  reserve(bytes: number): Block {
    const lines = linesOf(bytes);
    for (;;) {
      const first = Atomics.load(this.#lines, 0);
      if (this.#claim(first, lines)) return { start: first * LINE, end: (first + lines) * LINE };
    }
  }

  /** Makes a block larger by at least so many bytes where nothing was given out behind it. @throws FoveaError if there are none left. */
  extend(block: Block, bytes: number): boolean {
    const lines = linesOf(bytes);
    if (!this.#claim(block.end / LINE, lines)) return false;
    block.end += lines * LINE;
    return true;
  }

  /** Gives out lines from `first` on, unless others have been from there. They exist before they are given out: a failure takes none. */
  #claim(first: number, lines: number): boolean {
    if (Atomics.load(this.#lines, 0) !== first) return false;
    this.#reach((first + lines) * LINE);
    return Atomics.compareExchange(this.#lines, 0, first, first + lines) === first;
  }

  /** Grows until addresses below `end` exist. */
  #reach(end: number): void {
    const { memory } = this.shared;
    try {
      if (end > MAXIMUM_PAGES * PAGE) throw new RangeError("beyond 32-bit addresses");
      const pages = Math.ceil(end / PAGE) - memory.buffer.byteLength / PAGE;
      if (pages > 0) memory.grow(pages);
    } catch (error) {
      // Another thread may have grown it meanwhile, as far as it goes.
      if (memory.buffer.byteLength >= end) return;
      throw new FoveaError(
        `the model and its passes need ${(end / 2 ** 30).toFixed(1)} GiB of memory, more than can be had (WebAssembly addresses 4 GiB); lower the policy's microBatchTokens, samplingRows or workers, or choose the backend tensorflow`,
        { cause: error },
      );
    }
  }

  /** Room for some floats until it is given back; what it holds is undefined. */
  allocate(floats: number): Address {
    const bytes = linesOf(floats * FLOAT) * LINE;
    return this.#free.get(bytes)?.pop() ?? this.reserve(bytes).start;
  }

  /** Gives back what allocate returned, in the same thread. */
  free(address: Address, floats: number): void {
    const bytes = linesOf(floats * FLOAT) * LINE;
    const addresses = this.#free.get(bytes);
    if (addresses === undefined) this.#free.set(bytes, [address]);
    else addresses.push(address);
  }

  /** A view of the floats there are. */
  floats(address: Address, length: number): Float32Array {
    return new Float32Array(this.buffer, address, length);
  }
}

function linesOf(bytes: number): number {
  return Math.ceil(bytes / LINE);
}
