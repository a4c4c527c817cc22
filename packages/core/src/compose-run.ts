import { Container, type ServiceIdentifier } from "inversify";
import { FoveaError } from "./fovea-error.ts";
import type { AlgorithmDefinition } from "./plugin.ts";
import type { Policy } from "./policy.ts";
import type { Recorder } from "./recorder.ts";
import { Services } from "./services.ts";
import type { Task } from "./task.ts";
import type { Verifier } from "./verifier.ts";

function countBound(container: Container, service: ServiceIdentifier<unknown>): number {
  return container.getAll(service, { optional: true }).length;
}

/** What a run is put together from. The algorithm's options are validated already. */
export interface RunParts<Options> {
  readonly algorithm: AlgorithmDefinition<Options>;
  readonly algorithmOptions: Options;
  readonly policy: Policy;
  readonly task: Task;
  readonly verifiers: readonly Verifier[];
  readonly recorders: readonly Recorder[];
}

/**
 * The container of one run: the given parts, and what the algorithm binds.
 *
 * @throws FoveaError if the algorithm needs what the policy cannot do, or does not bind exactly one Advantage and one Loss.
 */
export function composeRun<Options>(parts: RunParts<Options>): Container {
  const { algorithm, policy } = parts;
  for (const capability of algorithm.requirements(parts.algorithmOptions)) {
    if (!policy.capabilities.supported.has(capability)) {
      throw new FoveaError(
        `the algorithm "${algorithm.name}" needs "${capability}", which the policy engine "${policy.name}" does not support`,
      );
    }
  }
  const container = new Container({ defaultScope: "Singleton" });
  container.bind(Services.Task).toConstantValue(parts.task);
  container.bind(Services.Policy).toConstantValue(policy);
  container.bind(Services.Scorer).toConstantValue(policy);
  for (const verifier of parts.verifiers) container.bind(Services.Verifier).toConstantValue(verifier);
  for (const recorder of parts.recorders) container.bind(Services.Recorder).toConstantValue(recorder);
  container.load(algorithm.bind(parts.algorithmOptions));
  for (const service of ["Advantage", "Loss"] as const) {
    const bound = countBound(container, Services[service]);
    if (bound !== 1) {
      throw new FoveaError(`the algorithm "${algorithm.name}" must bind exactly one ${service}, but binds ${bound}`);
    }
  }
  for (const service of ["RolloutFilter", "RewardShaping"] as const) {
    const bound = countBound(container, Services[service]);
    if (bound > 1) {
      throw new FoveaError(`the algorithm "${algorithm.name}" may bind at most one ${service}, but binds ${bound}`);
    }
  }
  return container;
}
