import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FAULTS } from "../scripts/fault-proxy.ts";
import { trainThroughFaults } from "../scripts/train-through-faults.ts";

// The same over 200 updates: node --conditions=@fovea-rl/source packages/policy-tinker/scripts/fault-injection.ts
const UPDATES = 20;

let server: RunningServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "fovea-faults-server-"));
  server = await startTinkerServer({
    ...SERVER_DEFAULTS,
    port: 0,
    baseDirectory: import.meta.dirname,
    directory,
    pollMilliseconds: 500,
  });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

it("reaches the same weights, bit for bit, when something goes wrong with 30 % of the requests", {
  timeout: 240_000,
}, async () => {
  const clean = await trainThroughFaults(server.url, { rate: 0, seed: 1, updates: UPDATES });
  expect(clean.client.resubmitted).toBe(0);
  const faulty = await trainThroughFaults(server.url, { rate: 0.3, seed: 2, updates: UPDATES });
  for (const fault of FAULTS) expect(faulty.proxy.faults[fault], fault).toBeGreaterThan(0);
  expect(faulty.client.resent).toBeGreaterThan(0);
  const applied = [...server.optimiserSteps().values()].reduce((sum, steps) => sum + steps, 0);
  expect(applied, "optimiser steps of both runs").toBe(2 * UPDATES);
  expect(faulty.fingerprint).toBe(clean.fingerprint);
});
