import { ROLLOUT_ORDERS, type RolloutQuery, type RolloutReference, type StepRange } from "@fovea-rl/run-records";

/** A request that asks for something impossible; the message says which parameter. */
export class BadRequestError extends Error {}

export function requireText(parameters: URLSearchParams, name: string): string {
  const value = parameters.get(name);
  if (value === null) throw new BadRequestError(`the parameter "${name}" is missing`);
  return value;
}

function optionalNumber(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new BadRequestError(`the parameter "${name}" must be a number`);
  return value;
}

function optionalChoice<Choice extends string>(
  parameters: URLSearchParams,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = parameters.get(name);
  if (text === null || text === "") return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new BadRequestError(`the parameter "${name}" must be one of ${choices.join(", ")}`);
  return found;
}

const NUMBERS = ["minimumReward", "maximumReward", "minimumLength", "maximumLength", "skip", "take"] as const;
const TEXTS = ["file", "family", "text"] as const;

export function rolloutQuery(parameters: URLSearchParams): RolloutQuery {
  const query: Record<string, string | number> = {};
  for (const name of NUMBERS) {
    const value = optionalNumber(parameters, name);
    if (value !== undefined) query[name] = value;
  }
  for (const name of TEXTS) {
    const value = parameters.get(name);
    if (value !== null && value !== "") query[name] = value;
  }
  const verdict = optionalChoice(parameters, "verdict", ["right", "wrong"] as const);
  const order = optionalChoice(parameters, "order", ROLLOUT_ORDERS);
  return {
    ...query,
    take: Math.min(1000, Math.max(1, Number(query["take"] ?? 100))),
    skip: Math.max(0, Number(query["skip"] ?? 0)),
    ...(verdict === undefined ? {} : { verdict }),
    ...(order === undefined ? {} : { order }),
  };
}

export function rolloutReference(parameters: URLSearchParams): RolloutReference {
  return {
    file: requireText(parameters, "file"),
    promptId: requireText(parameters, "prompt"),
    sampleIndex: optionalNumber(parameters, "sample") ?? 0,
  };
}

/** How many points a curve may have. */
export function pointCount(parameters: URLSearchParams): number {
  return Math.min(20_000, Math.max(10, Math.floor(optionalNumber(parameters, "points") ?? 1000)));
}

/** The steps that a curve is asked for; none: all. */
export function stepRange(parameters: URLSearchParams): StepRange | undefined {
  const from = optionalNumber(parameters, "from");
  const to = optionalNumber(parameters, "to");
  if (from === undefined && to === undefined) return undefined;
  return { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER };
}
