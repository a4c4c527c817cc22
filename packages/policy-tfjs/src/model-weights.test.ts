import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readModelWeights, writeModelWeights } from "./model-weights.ts";
import { writeSafetensors } from "./safetensors.ts";

const tensors = new Map(
  ["a", "b", "c", "d"].map((name, index) => [
    name,
    { shape: [index + 1], data: new Float32Array(index + 1).fill(index) },
  ]),
);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fovea-weights-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function editIndex(change: (weightMap: Record<string, string>) => void): void {
  const path = join(directory, "model.safetensors.index.json");
  const index = JSON.parse(readFileSync(path, "utf8"));
  change(index.weight_map);
  writeFileSync(path, JSON.stringify(index));
}

describe("model weights", () => {
  it("are one file by default", async () => {
    await writeModelWeights(directory, tensors);
    expect(readdirSync(directory)).toEqual(["model.safetensors"]);
    expect(await readModelWeights(directory)).toEqual(tensors);
    await writeModelWeights(directory, tensors);
  });

  it("are split into shards no larger than the maximum, as transformers names and indexes them", async () => {
    await writeModelWeights(directory, tensors, { maximumShardBytes: 12 });
    expect(readdirSync(directory).sort()).toEqual([
      "model-00001-of-00003.safetensors",
      "model-00002-of-00003.safetensors",
      "model-00003-of-00003.safetensors",
      "model.safetensors.index.json",
    ]);
    expect(JSON.parse(readFileSync(join(directory, "model.safetensors.index.json"), "utf8"))).toEqual({
      metadata: { total_size: 40 },
      weight_map: {
        a: "model-00001-of-00003.safetensors",
        b: "model-00001-of-00003.safetensors",
        c: "model-00002-of-00003.safetensors",
        d: "model-00003-of-00003.safetensors",
      },
    });
    expect(await readModelWeights(directory)).toEqual(tensors);
  });

  it("are not written beside others that a reader would take for them", async () => {
    await writeModelWeights(directory, tensors);
    await expect(writeModelWeights(directory, tensors, { maximumShardBytes: 12 })).rejects.toThrow(
      /already holds model\.safetensors/,
    );
  });

  it("are refused where the index and the shards disagree", async () => {
    await writeModelWeights(directory, tensors, { maximumShardBytes: 12 });
    editIndex((weightMap) => {
      weightMap["z"] = "model-00003-of-00003.safetensors";
    });
    await expect(readModelWeights(directory)).rejects.toThrow(/model-00003-of-00003.*"z" of .* is missing/);
    editIndex((weightMap) => {
      delete weightMap["z"];
      delete weightMap["d"];
      weightMap["c"] = "model-00003-of-00003.safetensors";
    });
    await expect(readModelWeights(directory)).rejects.toThrow(/"d" is here, but .* puts it in no file/);
    editIndex((weightMap) => {
      weightMap["a"] = "../model.safetensors";
    });
    await expect(readModelWeights(directory)).rejects.toThrow(
      /"a" must lie in a \.safetensors file of the same directory/,
    );
  });

  it("are refused where a shard is missing or the directory holds none", async () => {
    await expect(readModelWeights(directory)).rejects.toThrow(/holds no weights/);
    await expect(readModelWeights(join(directory, "absent"))).rejects.toThrow(/absent/);
    await writeModelWeights(directory, tensors, { maximumShardBytes: 12 });
    rmSync(join(directory, "model-00002-of-00003.safetensors"));
    await expect(readModelWeights(directory)).rejects.toThrow(
      /model-00002-of-00003\.safetensors: there is no such file/,
    );
    await writeSafetensors(join(directory, "model.safetensors"), tensors);
    expect(await readModelWeights(directory)).toEqual(tensors);
  });
});
