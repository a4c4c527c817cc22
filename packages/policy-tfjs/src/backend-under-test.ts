import { BACKEND_NAMES, type BackendName } from "./backend.ts";

/**
 * The backend that this package's tests run on: `FOVEA_TEST_BACKEND=tensorflow vitest run packages/policy-tfjs` holds another one
 * to the same specification.
 */
export function backendUnderTest(): BackendName {
  const name = process.env["FOVEA_TEST_BACKEND"] ?? "wasm";
  const known = BACKEND_NAMES.find((candidate) => candidate === name);
  if (known === undefined)
    throw new Error(`FOVEA_TEST_BACKEND is "${name}"; it must be one of ${BACKEND_NAMES.join(", ")}`);
  return known;
}
