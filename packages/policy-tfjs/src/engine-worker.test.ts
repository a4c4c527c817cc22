import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

describe("what a worker runs", () => {
  it("does without TensorFlow.js and all else that is large: each worker would load it anew", () => {
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      await import(${JSON.stringify(new URL("./wasm-model/kernel-task.ts", import.meta.url).href)});
      console.log(JSON.stringify(loaded));`;
    const options = ["--conditions=@fovea-rl/source", "--input-type=module", "--eval", script];
    const loaded = JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as string[];
    expect(loaded.filter((url) => url.includes("/wasm-model/")).length).toBeGreaterThan(10);
    expect(loaded.filter((url) => url.includes("/node_modules/"))).toEqual([]);
  });
});
