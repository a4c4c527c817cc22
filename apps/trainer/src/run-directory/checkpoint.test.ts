import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TabularPolicy } from "@fovea-rl/testkit/tabular-policy";
import { beforeEach, describe, expect, it } from "vitest";
import { checkpointSteps, removeUnfinishedCheckpoints, verifyCheckpoint, writeCheckpoint } from "./checkpoint.ts";

const state = { step: 3, promptCursor: 96, totalTokens: 1234, trainingSeconds: 1.5 };
const policy = () => new TabularPolicy({ baseSeed: 0, optimiser: "adam" }, 1);

let checkpoints: string;
let directory: string;

beforeEach(async () => {
  checkpoints = await mkdtemp(join(tmpdir(), "checkpoints-"));
  await writeCheckpoint(checkpoints, state, policy());
  directory = join(checkpoints, "step-3");
});

describe("a checkpoint", () => {
  it("holds the state and says the hash of each file", async () => {
    expect(await verifyCheckpoint(directory)).toEqual(state);
    const { files } = JSON.parse(await readFile(join(directory, "checkpoint.json"), "utf8"));
    expect(Object.keys(files)).toEqual(["policy/tabular-policy.bin", "state.json"]);
    expect(await readdir(checkpoints)).toEqual(["step-3"]);
  });

  it.each([
    [
      "truncated",
      () => truncate(join(directory, "policy", "tabular-policy.bin"), 40),
      /policy\/tabular-policy\.bin has 40 bytes, it was written with \d+/,
    ],
    [
      "changed in one byte",
      async () => {
        const path = join(directory, "policy", "tabular-policy.bin");
        const bytes = await readFile(path);
        bytes[100]! ^= 1;
        await writeFile(path, bytes);
      },
      /the content of policy\/tabular-policy\.bin has changed/,
    ],
    ["without a file", () => rm(join(directory, "state.json")), /state\.json is missing/],
    [
      "with a foreign file",
      () => writeFile(join(directory, "policy", "other.bin"), ""),
      /holds policy\/other\.bin, which was not saved with it/,
    ],
    ["without its manifest", () => rm(join(directory, "checkpoint.json")), /checkpoint\.json cannot be read/],
    ["with half a manifest", () => truncate(join(directory, "checkpoint.json"), 30), /checkpoint\.json cannot be read/],
    [
      "of another format",
      () => writeFile(join(directory, "checkpoint.json"), '{"formatVersion":2}'),
      /not one of format version 1/,
    ],
    ["with a longer state", () => appendFile(join(directory, "state.json"), " "), /state\.json has \d+ bytes/],
  ])("%s is refused by the file's name", async (_, damage, message) => {
    await damage();
    await expect(verifyCheckpoint(directory)).rejects.toThrow(message);
  });

  it("that cannot be saved leaves nothing, and the earlier one whole", async () => {
    const failing = policy();
    failing.save = async (target) => {
      await writeFile(join(target, "half.bin"), "half");
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    await expect(writeCheckpoint(checkpoints, { ...state, step: 4 }, failing)).rejects.toThrow(
      /cannot write .*step-4: no space is left on the disk/,
    );
    expect(await readdir(checkpoints)).toEqual(["step-3"]);
    expect(await verifyCheckpoint(directory)).toEqual(state);
  });

  it("that a killed process left unfinished does not count, and is cleared away", async () => {
    await mkdir(join(checkpoints, ".step-9.partial", "policy"), { recursive: true });
    await mkdir(join(checkpoints, ".step-1.removed"));
    expect(await checkpointSteps(checkpoints)).toEqual([3]);
    await removeUnfinishedCheckpoints(checkpoints);
    expect(await readdir(checkpoints)).toEqual(["step-3"]);
  });
});
