import { basename } from "node:path";
import type { Comparison, ComparisonRow, ComparisonRun, Interval } from "./comparison.ts";
import type { ComparisonLocation } from "./discover-runs.ts";
import { flattenJson } from "./flatten-json.ts";
import { isJsonObject, type JsonObject, numberAt, objectAt, textAt } from "./json-object.ts";
import type { Problem } from "./problem.ts";
import { readJsonObject } from "./read-json-object.ts";

function interval(value: JsonObject | undefined): Interval | undefined {
  const mean = numberAt(value, "mean");
  return mean === undefined ? undefined : { mean, low: numberAt(value, "low"), high: numberAt(value, "high") };
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** A comparison written before contenders had labels told them apart by algorithm. */
function labelOf(value: JsonObject): string | undefined {
  return textAt(value, "label") ?? textAt(value, "algorithm");
}

/** Reads comparison.json; what is broken is named in `problems`. */
export async function readComparison({ id, directory, runs: found }: ComparisonLocation): Promise<Comparison> {
  const problems: Problem[] = [];
  const file = await readJsonObject(directory, "comparison.json", problems);
  const summary = objects(file?.["summary"]).flatMap((row): ComparisonRow[] => {
    const accuracy = interval(row);
    const label = labelOf(row);
    if (!accuracy || label === undefined) return [];
    return [
      {
        label,
        seeds: Array.isArray(row["seeds"]) ? row["seeds"].filter((seed) => typeof seed === "number") : [],
        accuracy,
        gain: numberAt(row, "gain"),
        differenceToFirst: interval(objectAt(row, "differenceToFirst")),
        trainingSeconds: numberAt(row, "trainingSeconds"),
        totalTokens: numberAt(row, "totalTokens"),
      },
    ];
  });
  const runs = objects(file?.["runs"]).map((run): ComparisonRun => {
    const name = textAt(run, "directory") ?? "";
    return {
      // A run that is still to begin has no id among the runs found.
      id: found.find((location) => basename(location.directory) === name)?.id ?? `${id}/${name}`,
      label: labelOf(run) ?? "?",
      seed: numberAt(run, "seed"),
      state: textAt(run, "state") ?? "unknown",
      error: textAt(run, "error"),
      before: numberAt(objectAt(run, "before"), "accuracy"),
      after: numberAt(objectAt(run, "after"), "accuracy"),
    };
  });
  return { id, method: textAt(file, "method") ?? "", summary, runs, facts: facts(file), problems };
}

function facts(file: JsonObject | undefined): Readonly<Record<string, string>> {
  const { runs: _runs, summary: _summary, method: _method, ...rest } = file ?? {};
  return flattenJson(rest);
}
