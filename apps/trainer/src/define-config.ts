import type { ConfigurationInput } from "./configuration/configuration.ts";

/** Types a `fovea.config.ts`; returns what it is given. */
export function defineConfig(configuration: ConfigurationInput): ConfigurationInput {
  return configuration;
}
