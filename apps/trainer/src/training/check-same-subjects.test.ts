import { describe, expect, it } from "vitest";
import type { RunManifest } from "../run-directory/manifest.ts";
import { checkSameSubjects } from "./check-same-subjects.ts";

const manifest: RunManifest = {
  formatVersion: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  command: ["fovea", "train"],
  seed: 1,
  packages: { "@fovea-rl/trainer": "1.0.0", "@fovea-rl/algo-vppo": "1.0.0" },
  node: "v24.0.0",
  algorithm: "vppo",
  task: "digits",
  taskFingerprint: "a",
  baseWeights: "b",
  policy: { name: "tfjs", backend: "wasm", fusedMultiplyAdd: true },
  machine: {},
};

function noticesOf(now: RunManifest): string[] {
  const notices: string[] = [];
  checkSameSubjects(manifest, now, (notice) => notices.push(notice));
  return notices;
}

describe("going on with a run", () => {
  it("says nothing where data, weights, versions and engine are the same, on whatever machine", () => {
    expect(noticesOf({ ...manifest, machine: { hostname: "another" }, createdAt: "later" })).toEqual([]);
  });

  it("names the versions, the backend and the arithmetic that differ, for results may", () => {
    const now = {
      ...manifest,
      packages: { "@fovea-rl/trainer": "1.1.0" },
      policy: { name: "tfjs", backend: "tensorflow", fusedMultiplyAdd: false },
    };
    expect(noticesOf(now)).toEqual([
      "not what the run began with, results may differ: @fovea-rl/trainer 1.0.0 -> 1.1.0, " +
        "@fovea-rl/algo-vppo 1.0.0 -> absent, backend wasm -> tensorflow, fusedMultiplyAdd true -> false",
    ]);
  });

  it("is refused on other data or base weights", () => {
    expect(() => noticesOf({ ...manifest, taskFingerprint: "c" })).toThrow(/the task's data changed/);
    expect(() => noticesOf({ ...manifest, baseWeights: "c" })).toThrow(/the base weights changed/);
  });
});
