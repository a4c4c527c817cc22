// Trains over 200 updates through a faulty network and without one, and compares: see docs/remote-engine.md.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVER_DEFAULTS, startTinkerServer } from "@fovea-rl/tinker-server";
import { trainThroughFaults } from "./train-through-faults.ts";

const UPDATES = 200;
const directory = await mkdtemp(join(tmpdir(), "fovea-faults-server-"));
const server = await startTinkerServer({ ...SERVER_DEFAULTS, port: 0, baseDirectory: import.meta.dirname, directory });
try {
  const results = [];
  for (const rate of [0, 0.3]) {
    const before = server.optimiserSteps().size;
    const run = await trainThroughFaults(server.url, { rate, seed: 7, updates: UPDATES });
    const steps = [...server.optimiserSteps().values()].slice(before).reduce((sum, count) => sum + count, 0);
    results.push({ rate, optimiserStepsApplied: steps, ...run });
  }
  process.stdout.write(`${JSON.stringify({ updates: UPDATES, runs: results }, null, 2)}\n`);
  const [clean, faulty] = results;
  if (clean!.fingerprint !== faulty!.fingerprint || faulty!.optimiserStepsApplied !== UPDATES) process.exitCode = 1;
} finally {
  await server.close();
  await rm(directory, { recursive: true });
}
