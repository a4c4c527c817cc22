import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Prompt } from "@fovea-rl/core";
import { digits, digitsOptionsSchema } from "@fovea-rl/tasks";
import { describePolicy } from "@fovea-rl/testkit";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, describe } from "vitest";
import { policyOptionsSchema, TinkerPolicy } from "./index.ts";

const directory = mkdtempSync(join(tmpdir(), "fovea-conformance-"));
const server: RunningServer = await startTinkerServer({
  ...SERVER_DEFAULTS,
  port: 0,
  baseDirectory: import.meta.dirname,
  directory,
});
const task = await digits.create(digitsOptionsSchema.parse({}), { seed: 3 });
const prompts: readonly Prompt[] = await Promise.all([0, 1].map((index) => task.prompt("train", index)));

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

describe("over HTTP", () => {
  describePolicy("the remote engine in front of fovea serve", {
    create: () =>
      TinkerPolicy.create(policyOptionsSchema.parse({ server: { url: server.url } }), {
        seed: 1,
        trainingTemperature: 1,
        baseDirectory: import.meta.dirname,
      }),
    prompts,
    maximumTokens: 8,
  });
});
