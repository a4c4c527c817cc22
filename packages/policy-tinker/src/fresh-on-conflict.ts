import { RefusedError } from "./connection/connection-error.ts";

const LARGEST_CONFLICTS = 5;

/** Servers without idempotency answer 409 when a request arrives twice: another name is all it takes. */
export async function freshOnConflict<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let conflicts = 0; ; conflicts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 409 || conflicts >= LARGEST_CONFLICTS) throw error;
    }
  }
}
