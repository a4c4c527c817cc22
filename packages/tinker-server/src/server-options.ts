import { policyOptionsSchema, type TfjsPolicyOptions } from "@fovea-rl/policy-tfjs";
import type { z } from "zod";

export interface TinkerServerOptions {
  /**
   * Options of the embedded engine, its `model` among them. Unlike elsewhere `workers` is 2 where the backend can have several, so
   * that the thread that answers does not compute.
   */
  readonly policy?: z.input<typeof policyOptionsSchema>;
  /** Where the `model` option starts when it is a relative path; default: here. */
  readonly baseDirectory?: string;
  /** Where the package that it names is looked up, in order; default: here. */
  readonly packageDirectories?: readonly string[];
  /** What clients call the model; default: the engine's `model` option. */
  readonly modelName?: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What clients must send; may be left out on loopback alone. */
  readonly apiKey?: string;
  /** Where saved weights lie. */
  readonly directory: string;
  /** All log-probabilities are those of logits divided by this temperature. */
  readonly trainingTemperature: number;
  /** How long a poll waits for its result before it is told to come again. */
  readonly pollMilliseconds: number;
}

export const SERVER_DEFAULTS = {
  host: "127.0.0.1",
  port: 8000,
  trainingTemperature: 1,
  pollMilliseconds: 30_000,
} as const satisfies Partial<TinkerServerOptions>;

/** Passes run in threads of their own from two workers on; on tensorflow only those that sample. */
const SERVING_WORKERS = 2;

/** Options of the embedded engine as a server uses it: polls and signs of life must not wait for a step. */
export function servedPolicyOptions(given: TinkerServerOptions["policy"] = {}): TfjsPolicyOptions {
  const { backend = "wasm" } = given;
  // The others drive one device, which threads cannot share.
  const canHaveSeveral = backend === "wasm" || backend === "tensorflow";
  return policyOptionsSchema.parse({ ...(canHaveSeveral ? { workers: SERVING_WORKERS } : {}), ...given });
}
