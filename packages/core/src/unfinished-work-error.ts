import { FoveaError } from "./fovea-error.ts";

/** Work that an engine gave up for a reason outside of it: a connection that stays lost, a time limit, a cancellation. */
export class UnfinishedWorkError extends FoveaError {
  /** Told by this field, not by class: an engine may bring its own copy of core. */
  readonly isUnfinishedWork = true;
}
