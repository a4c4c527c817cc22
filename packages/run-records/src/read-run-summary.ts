import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { flattenJson } from "./flatten-json.ts";
import { isJsonObject, type JsonObject, numberAt, objectAt, textAt } from "./json-object.ts";
import type { Problem } from "./problem.ts";
import { readJsonObject } from "./read-json-object.ts";
import type { AccuracyEstimate, RunState, RunSummary } from "./run-summary.ts";

const STATES: readonly string[] = ["running", "interrupted", "failed", "finished"];

/** Whether run.lock names a process that may still be working: one of another machine always may. */
async function isLocked(directory: string): Promise<boolean> {
  const text = await readFile(join(directory, "run.lock"), "utf8").catch(() => undefined);
  if (text === undefined) return false;
  try {
    const owner: unknown = JSON.parse(text);
    if (!isJsonObject(owner) || typeof owner["pid"] !== "number") return false;
    if (owner["hostname"] !== hostname()) return true;
    process.kill(owner["pid"], 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function stateOf(directory: string, status: JsonObject | undefined): Promise<RunState> {
  const state = textAt(status, "state");
  if (state === undefined || !STATES.includes(state)) return "unknown";
  if (state === "running" && !(await isLocked(directory))) return "killed";
  return state as RunState;
}

function estimateAt(status: JsonObject | undefined, key: string): AccuracyEstimate | undefined {
  const value = objectAt(status, key);
  const accuracy = numberAt(value, "accuracy");
  if (accuracy === undefined) return undefined;
  return {
    accuracy,
    low: numberAt(value, "low") ?? accuracy,
    high: numberAt(value, "high") ?? accuracy,
    prompts: numberAt(value, "prompts") ?? 0,
  };
}

/** The configuration without what tells seeds of one setting apart. */
function settingOf(id: string, configuration: Readonly<Record<string, string>>): string {
  const entries = Object.entries(configuration).filter(
    ([path]) => path !== "seed" && path !== "run.name" && path !== "run.directory" && path !== "baseDirectory",
  );
  return entries.length === 0 ? id : JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads what the list of runs shows. Never throws: what is missing or broken is named in `problems`. */
export async function readRunSummary(id: string, directory: string): Promise<RunSummary> {
  const problems: Problem[] = [];
  const status = await readJsonObject(directory, "status.json", problems);
  const manifest = await readJsonObject(directory, "manifest.json", problems);
  const configuration = await readJsonObject(directory, "config.json", problems);
  const flat = flattenJson(configuration ?? {});
  const version = configuration?.["formatVersion"];
  if (configuration !== undefined && version !== undefined && version !== 1) {
    problems.push({
      file: "config.json",
      message: `is of format version ${String(version)}; this viewer reads version 1`,
    });
  }
  const state = await stateOf(directory, status);
  if (status !== undefined && state === "unknown") {
    problems.push({ file: "status.json", message: `state must be one of ${STATES.join(", ")}` });
  }
  return {
    id,
    state,
    step: numberAt(status, "step") ?? 0,
    updates: numberAt(status, "updates") ?? numberAt(objectAt(configuration, "training"), "updates"),
    algorithm: textAt(manifest, "algorithm") ?? textAt(objectAt(configuration, "algorithm"), "use"),
    task: textAt(manifest, "task") ?? textAt(objectAt(configuration, "task"), "use"),
    seed: numberAt(configuration, "seed") ?? numberAt(manifest, "seed"),
    createdAt: textAt(manifest, "createdAt") ?? textAt(status, "startedAt"),
    updatedAt: textAt(status, "updatedAt"),
    before: estimateAt(status, "before"),
    after: estimateAt(status, "after"),
    trainingSeconds: numberAt(status, "trainingSeconds"),
    totalTokens: numberAt(status, "totalTokens"),
    error: textAt(status, "error"),
    problems,
    setting: settingOf(id, flat),
    configuration: flat,
    manifest: flattenJson(manifest ?? {}),
  };
}
