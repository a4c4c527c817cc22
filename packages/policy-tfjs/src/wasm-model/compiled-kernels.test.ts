import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { backendAvailability } from "../backend.ts";
import { compiledKernels, describeKernels } from "./compiled-kernels.ts";

describe("the compiled kernels", () => {
  it("are compiled once", () => {
    expect(compiledKernels()).toBe(compiledKernels());
  });

  it("can be sent to a worker, which runs the same code", async () => {
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
      const { exports } = new WebAssembly.Instance(workerData.module, { env: { memory } });
      parentPort.postMessage(exports.fusesMultiplyAdd(1 + 2 ** -12, 1 + 2 ** -11) !== 0);`;
    const worker = new Worker(source, { eval: true, workerData: compiledKernels() });
    const answer = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    expect(answer).toBe(compiledKernels().fusesMultiplyAdd);
  });

  it("say what they found of the machine, as `fovea doctor` shows it of the backend wasm", () => {
    const { wideTiles, fusesMultiplyAdd } = compiledKernels();
    expect(describeKernels()).toContain(wideTiles ? "wide register tiles" : "narrow register tiles");
    expect(describeKernels().startsWith("fused multiply-adds")).toBe(fusesMultiplyAdd);
    const wasm = backendAvailability().find(({ name }) => name === "wasm");
    expect(wasm).toMatchObject({ installed: true, detail: describeKernels() });
    expect(wasm).not.toHaveProperty("fault");
  });
});
