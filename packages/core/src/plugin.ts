import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { ContainerModule } from "inversify";
import type { Cancellable, Capability, Policy } from "./policy.ts";
import type { Recorder } from "./recorder.ts";
import type { Task } from "./task.ts";
import type { ExtraPasses } from "./usage.ts";
import type { Verifier } from "./verifier.ts";

/** The version of the contracts in this package that a plug-in was written for. */
export const SPECIFICATION_VERSION = 1;

interface Plugin<Options> {
  readonly specificationVersion: typeof SPECIFICATION_VERSION;
  /** Short name, as in configs and reports ("vppo"). */
  readonly name: string;
  /** Any Standard Schema (zod, valibot, ...). Its output for `{}` is the vetted default. */
  readonly optionsSchema: StandardSchemaV1<unknown, Options>;
}

/** What every plug-in is told of the run it takes part in. */
export interface RunContext {
  readonly seed: number;
  /** Directory that relative paths in the plug-in's options are resolved from; default the working directory. */
  readonly baseDirectory?: string;
  /** Directories whose packages options may name, in order of preference; default the working directory. */
  readonly packageDirectories?: readonly string[];
}

/** What a policy engine is told besides. Its signal ends the creation alone: what is created does not listen to it. */
export interface PolicyContext extends RunContext, Cancellable {
  /** Log-probabilities, sampled or scored or trained on, are those of logits divided by this temperature. */
  readonly trainingTemperature: number;
}

/** A named bundle that binds Advantage and Loss, and where it has them RolloutFilter and RewardShaping. */
export interface AlgorithmDefinition<Options = unknown> extends Plugin<Options> {
  readonly kind: "algorithm";
  /** What the engine must be able to do for these options. */
  requirements(options: Options): readonly Capability[];
  /** What the Advantage asks of the engine, for estimates before a run. Left out by one that asks for nothing. */
  extraPasses?(options: Options): ExtraPasses;
  /** Binds the parts by the identifiers in `Services`; `Services.Policy` and `Services.Scorer` can be injected. */
  bind(options: Options): ContainerModule;
}

export interface PolicyDefinition<Options = unknown> extends Plugin<Options> {
  readonly kind: "policy";
  create(options: Options, context: PolicyContext): Promise<Policy>;
}

export interface TaskDefinition<Options = unknown> extends Plugin<Options> {
  readonly kind: "task";
  create(options: Options, context: RunContext): Task | Promise<Task>;
}

export interface VerifierDefinition<Options = unknown> extends Plugin<Options> {
  readonly kind: "verifier";
  create(options: Options, context: RunContext): Verifier | Promise<Verifier>;
}

/** Where a recorder may write, and what it may want to know of the run. */
export interface RecorderContext extends RunContext {
  readonly runDirectory: string;
  /** Updates that the run will do in all. */
  readonly updates: number;
  /** The text of each token by itself, as the policy tells it. */
  readonly tokenTexts: (tokens: Int32Array) => readonly string[];
}

export interface RecorderDefinition<Options = unknown> extends Plugin<Options> {
  readonly kind: "recorder";
  create(options: Options, context: RecorderContext): Recorder | Promise<Recorder>;
}

export type PluginDefinition =
  | AlgorithmDefinition
  | PolicyDefinition
  | TaskDefinition
  | VerifierDefinition
  | RecorderDefinition;

type Described<Definition> = Omit<Definition, "kind" | "specificationVersion">;

/** A package's default export: `export default defineAlgorithm({ ... })`. */
export function defineAlgorithm<Options>(
  definition: Described<AlgorithmDefinition<Options>>,
): AlgorithmDefinition<Options> {
  return { kind: "algorithm", specificationVersion: SPECIFICATION_VERSION, ...definition };
}

export function definePolicy<Options>(definition: Described<PolicyDefinition<Options>>): PolicyDefinition<Options> {
  return { kind: "policy", specificationVersion: SPECIFICATION_VERSION, ...definition };
}

export function defineTask<Options>(definition: Described<TaskDefinition<Options>>): TaskDefinition<Options> {
  return { kind: "task", specificationVersion: SPECIFICATION_VERSION, ...definition };
}

export function defineVerifier<Options>(
  definition: Described<VerifierDefinition<Options>>,
): VerifierDefinition<Options> {
  return { kind: "verifier", specificationVersion: SPECIFICATION_VERSION, ...definition };
}

export function defineRecorder<Options>(
  definition: Described<RecorderDefinition<Options>>,
): RecorderDefinition<Options> {
  return { kind: "recorder", specificationVersion: SPECIFICATION_VERSION, ...definition };
}
