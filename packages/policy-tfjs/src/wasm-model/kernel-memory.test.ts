import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { KernelMemory } from "./kernel-memory.ts";
import { ModelKernels } from "./model-kernels.ts";

describe("the kernels' memory", () => {
  it("hands out blocks that do not overlap, and those given back again", () => {
    const memory = KernelMemory.create();
    const [first, second] = [memory.allocate(100), memory.allocate(100)];
    expect(second).toBeGreaterThanOrEqual(first + 400);
    memory.free(first, 100);
    expect(memory.allocate(500)).toBeGreaterThan(second);
    expect(memory.allocate(97)).toBe(first);
    expect(memory.allocate(100)).toBeGreaterThan(second);
  });

  it("takes nothing for what it cannot give", () => {
    const memory = KernelMemory.create();
    const first = memory.allocate(16);
    expect(() => memory.allocate(2 ** 30)).toThrow("WebAssembly addresses 4 GiB");
    expect(memory.allocate(16)).toBe(first + 64);
  });

  it("is the same memory for another thread, also where that has made it larger", async () => {
    const memory = KernelMemory.create();
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const { memory, end } = workerData;
      const address = 64 * Atomics.add(new Int32Array(end), 0, 1 << 20);
      memory.grow((1 << 26) / 65536);
      new Float32Array(memory.buffer, address, 4).set([1, 2, 3, 4]);
      parentPort.postMessage(address);`;
    const worker = new Worker(source, { eval: true, workerData: memory.shared });
    const address = await new Promise<number>((resolve, reject) => {
      worker.once("message", resolve).once("error", reject);
    });
    await worker.terminate();
    expect([...memory.floats(address, 4)]).toEqual([1, 2, 3, 4]);
    const kernels = new ModelKernels(memory);
    const copy = kernels.zeros(16);
    expect(copy).toBeGreaterThanOrEqual(address + (1 << 26));
    kernels.run.add(copy, address, 4);
    expect([...kernels.floats(copy, 5)]).toEqual([1, 2, 3, 4, 0]);
  });

  it("gives room to passes of several threads that grow in turn", () => {
    const memory = KernelMemory.create();
    const threads = [new ModelKernels(memory), new ModelKernels(memory)];
    const sizes = [1000, 300_000, 16, 500_000, 200_000];
    const allocateAll = () =>
      sizes.flatMap((size) => threads.map((kernels) => ({ start: kernels.zeros(size), end: size * 4 })));
    const [first, again] = [0, 1].map(() => {
      const undo = threads.map((kernels) => kernels.scoped.bind(kernels));
      return undo[0]!(() => undo[1]!(allocateAll));
    });
    const places = first!.map(({ start, end }) => ({ start, end: start + end })).sort((a, b) => a.start - b.start);
    places.slice(1).forEach(({ start }, index) => {
      expect(start).toBeGreaterThanOrEqual(places[index]!.end);
    });
    expect(again).toEqual(first);
  });

  it("does not lose what a pass has when a smaller pass leaves blocks unused", () => {
    const memory = KernelMemory.create();
    const [own, other] = [new ModelKernels(memory), new ModelKernels(memory)];
    own.scoped(() => {
      own.allocate(200_000);
      other.allocate(200_000);
      own.allocate(900_000);
    });
    const end = memory.buffer.byteLength;
    own.scoped(() => {
      const before = own.place(Float32Array.of(7));
      own.scoped(() => own.zeros(600_000));
      const after = own.zeros(100_000);
      expect(own.floats(before, 1)[0]).toBe(7);
      expect(after).toBeGreaterThan(before);
    });
    expect(memory.buffer.byteLength).toBe(end);
  });
});
