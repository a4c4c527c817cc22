export type {
  ComparedAlgorithmInput,
  Configuration,
  ConfigurationInput,
  PluginInput,
} from "./configuration/configuration.ts";
export type { LoadedConfiguration } from "./configuration/load-configuration.ts";
export { loadConfiguration } from "./configuration/load-configuration.ts";
export { defineConfig } from "./define-config.ts";
export type { RunStatus } from "./run-directory/run-status.ts";
export { InterruptedError } from "./training/interrupted-error.ts";
export type { TrainingOptions, TrainingResult } from "./training/train.ts";
export { resumeTraining, train } from "./training/train.ts";
