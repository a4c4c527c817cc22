import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Loaded<Value> {
  /** The newest that arrived; the old one stays while a new one loads. */
  readonly value: Value | undefined;
  readonly error: string | undefined;
}

/**
 * Loads when a dependency changes; an answer that arrives after a later question is dropped.
 *
 * @param subject when it changes, the old value is no longer shown while the new one loads.
 */
export function useLoaded<Value>(
  load: () => Promise<Value>,
  subject: string,
  dependencies: readonly unknown[],
): Loaded<Value> {
  const [state, setState] = useState<Loaded<Value> & { readonly subject: string }>();
  const question = useRef(0);
  // Not after the next paint, as other effects: what is at hand is then shown a frame earlier.
  useLayoutEffect(() => {
    const own = ++question.current;
    load().then(
      (value) => {
        if (own === question.current) setState({ value, error: undefined, subject });
      },
      (error: unknown) => {
        if (own !== question.current) return;
        setState({ value: undefined, error: error instanceof Error ? error.message : String(error), subject });
      },
    );
  }, [subject, ...dependencies]);
  return state?.subject === subject ? state : { value: undefined, error: undefined };
}
