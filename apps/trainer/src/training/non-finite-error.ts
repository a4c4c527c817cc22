import { type CreditedRollout, FoveaError, type RolloutGroup } from "@fovea-rl/core";

/** A loss or gradient that is not finite: the run stops, and the rollouts at fault go to `failures/`. */
export class NonFiniteError extends FoveaError {
  override readonly name = "FoveaError";
  /** Of the update, from 1. */
  readonly step: number;
  readonly groups: readonly RolloutGroup<CreditedRollout>[];

  constructor(step: number, what: string, groups: readonly RolloutGroup<CreditedRollout>[], options?: ErrorOptions) {
    const names = groups.flatMap(({ prompt, rollouts }) =>
      rollouts.map(({ sampleIndex }) => `${prompt.id}#${sampleIndex}`),
    );
    const listed = names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
    super(`update ${step}: ${what}; rollouts: ${listed}`, options);
    this.step = step;
    this.groups = groups;
  }
}
