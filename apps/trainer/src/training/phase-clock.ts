import { setImmediate } from "node:timers/promises";

/** Adds up the wall time of each phase of an update. */
export interface PhaseClock {
  measure<Result>(phase: string, work: () => Result | Promise<Result>): Promise<Result>;
  /** Seconds by phase, and since the clock was made. */
  seconds(): { readonly phases: Readonly<Record<string, number>>; readonly total: number };
}

export function startPhaseClock(onPhase: (phase: string) => void): PhaseClock {
  const begin = performance.now();
  const phases: Record<string, number> = {};
  return {
    async measure(phase, work) {
      onPhase(phase);
      // Engines compute for long without a pause; between phases, signals and terminals get their turn.
      await setImmediate();
      const start = performance.now();
      try {
        return await work();
      } finally {
        phases[phase] = (phases[phase] ?? 0) + (performance.now() - start) / 1000;
      }
    },
    seconds: () => ({ phases: { ...phases }, total: (performance.now() - begin) / 1000 }),
  };
}
