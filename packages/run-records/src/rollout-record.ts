import { isJsonObject, type JsonObject } from "./json-object.ts";

export type PromptPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly index: number };

/** What names and judges a rollout. */
export interface RolloutHead {
  readonly step: number;
  readonly promptId: string;
  readonly sampleIndex: number;
  readonly family: string | undefined;
  readonly referenceAnswer: string;
  readonly text: string;
  readonly finishReason: string;
  readonly reward: number;
  readonly components: Readonly<Record<string, number>>;
}

/** A line of a rollout file, every field checked: T tokens, and each per-token array of that length or absent. */
export interface RolloutRecord extends RolloutHead {
  readonly prompt: readonly { readonly role: string; readonly content: readonly PromptPart[] }[];
  /** Paths as in the file, relative to the file's directory. */
  readonly images: readonly string[];
  readonly perturbedImages: readonly string[] | undefined;
  /** Before the algorithm shaped it, where it did. */
  readonly unshapedReward: number | undefined;
  readonly extracted: string | undefined;
  readonly reason: string | undefined;
  /** `[T]` */
  readonly tokenTexts: readonly string[];
  readonly behaviourLogprobs: readonly number[] | undefined;
  readonly entropies: readonly number[] | undefined;
  readonly advantages: readonly number[] | undefined;
  readonly columns: Readonly<Record<string, readonly number[]>>;
}

function text(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map((entry) => text(entry, "?")) : undefined;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function numbers(value: unknown, length: number): readonly number[] | undefined {
  return Array.isArray(value) && value.length === length ? value.map(number) : undefined;
}

function entries<Value>(value: unknown, read: (value: unknown) => Value | undefined): Record<string, Value> {
  const pairs = isJsonObject(value) ? Object.entries(value).map(([name, entry]) => [name, read(entry)] as const) : [];
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, Value] => pair[1] !== undefined));
}

function messages(value: unknown): RolloutRecord["prompt"] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).map(({ role, content }) => ({
    role: text(role, "user"),
    content: (Array.isArray(content) ? content : []).filter(isJsonObject).map((part: JsonObject): PromptPart => {
      return part["type"] === "image" && typeof part["index"] === "number"
        ? { type: "image", index: part["index"] }
        : { type: "text", text: text(part["text"]) };
    }),
  }));
}

function headOf(value: JsonObject): RolloutHead {
  return {
    step: number(value["step"]),
    promptId: text(value["promptId"]),
    sampleIndex: typeof value["sampleIndex"] === "number" ? value["sampleIndex"] : 0,
    family: typeof value["family"] === "string" ? value["family"] : undefined,
    referenceAnswer: text(value["referenceAnswer"]),
    text: text(value["text"]),
    finishReason: text(value["finishReason"]),
    reward: number(value["reward"]),
    components: entries(value["components"], (entry) => (typeof entry === "number" ? entry : undefined)),
  };
}

function parseObject(line: string): JsonObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || typeof value["promptId"] !== "string" || typeof value["step"] !== "number")
    return undefined;
  return value;
}

function tokenCount(value: JsonObject): number {
  if (Array.isArray(value["tokens"])) return value["tokens"].length;
  return Array.isArray(value["tokenTexts"]) ? value["tokenTexts"].length : 0;
}

function tokenTextsOf(value: JsonObject, count: number): readonly string[] {
  const tokenTexts = texts(value["tokenTexts"]);
  return tokenTexts?.length === count ? tokenTexts : Array.from({ length: count }, () => "?");
}

/** @returns undefined if the line is no rollout. */
export function parseRollout(line: string): RolloutRecord | undefined {
  const value = parseObject(line);
  if (!value) return undefined;
  const count = tokenCount(value);
  return {
    ...headOf(value),
    prompt: messages(value["prompt"]),
    images: texts(value["images"]) ?? [],
    perturbedImages: texts(value["perturbedImages"]),
    unshapedReward: typeof value["unshapedReward"] === "number" ? value["unshapedReward"] : undefined,
    extracted: typeof value["extracted"] === "string" ? value["extracted"] : undefined,
    reason: typeof value["reason"] === "string" ? value["reason"] : undefined,
    tokenTexts: tokenTextsOf(value, count),
    behaviourLogprobs: numbers(value["behaviourLogprobs"], count),
    entropies: numbers(value["entropies"], count),
    advantages: numbers(value["advantages"], count),
    columns: entries(value["columns"], (entry) => numbers(entry, count)),
  };
}

/** What a list and the perception of a run need of a rollout. */
export interface IndexedRecord extends RolloutHead {
  /** T */
  readonly length: number;
  /** Visual dependency and text of each token, `[T]`, where there is any. */
  readonly measured: { readonly dependency: readonly number[]; readonly tokenTexts: readonly string[] } | undefined;
}

/** As {@link parseRollout}, and nothing that an index has no use for: most of a line is numbers that only one view shows. */
export function parseIndexed(line: string): IndexedRecord | undefined {
  const value = parseObject(line);
  if (!value) return undefined;
  const length = tokenCount(value);
  const columns = isJsonObject(value["columns"]) ? value["columns"] : {};
  const dependency = length > 0 ? numbers(columns["dependency"], length) : undefined;
  return {
    ...headOf(value),
    length,
    measured: dependency && { dependency, tokenTexts: tokenTextsOf(value, length) },
  };
}
