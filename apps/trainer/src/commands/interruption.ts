/**
 * A signal that the first Ctrl-C (or SIGTERM) aborts. After it the system's own handling is back, so that a second one ends the
 * process at once, even in the middle of a computation.
 */
export function abortOnInterrupt(onInterrupt: () => void): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  const stop = () => {
    process.removeListener("SIGINT", interrupt);
    process.removeListener("SIGTERM", interrupt);
  };
  const interrupt = () => {
    stop();
    onInterrupt();
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return { signal: controller.signal, stop };
}
