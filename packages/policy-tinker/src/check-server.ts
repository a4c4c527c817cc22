import { FoveaError } from "@fovea-rl/core";
import type { TinkerPolicyOptions } from "./policy-options.ts";
import type { ProbeFindings } from "./probe-server.ts";
import type { ServerSession } from "./server-session.ts";
import { warn } from "./warn.ts";

/** @throws FoveaError if the server's log-probabilities are at another temperature than the configuration trains at. */
export function checkTemperature({ extension, origin }: ServerSession, trainingTemperature: number): void {
  const served = extension?.training_temperature ?? 1;
  if (served !== trainingTemperature) {
    throw new FoveaError(
      `the configuration trains at temperature ${trainingTemperature}, but ${origin} gives log-probabilities at temperature ${served}`,
    );
  }
}

/** Says what the server does not do, or does not say that it does. */
export function warnOfLimits(
  { extension, origin }: ServerSession,
  options: TinkerPolicyOptions,
  findings: ProbeFindings,
): void {
  if (!extension?.optimiser_fields) {
    warn(
      `${origin} does not say which optimiser settings it honours; SkyRL's torch backends take the learning rate alone and the rest from their own configuration`,
    );
  }
  if (options.builtInLosses === "auto" && !findings.hasClippedSurrogate) {
    warn(`${origin} has no "ppo" loss: every gradient takes a forward pass and a backward pass`);
  }
}
