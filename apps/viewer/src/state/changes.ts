import type { RunChange, ViewSource } from "@fovea-rl/run-records/view-data";
import { useEffect, useState } from "preact/hooks";

type Part = RunChange["what"][number];
type Listener = (change: RunChange) => void;

const listeners = new Set<Listener>();

/** Hears the source once for the whole page. @returns whether the source answers. */
export function useConnection(source: ViewSource): boolean {
  const [isConnected, setConnected] = useState(true);
  useEffect(
    () =>
      source.subscribe((change) => {
        for (const listener of listeners) listener(change);
      }, setConnected),
    [source],
  );
  return isConnected;
}

/** A number that grows when such a part of one of these runs (or of any) changes: a dependency for effects that load. */
export function useVersion(runs: readonly string[] | "any", parts: readonly Part[]): number {
  const [version, setVersion] = useState(0);
  const key = runs === "any" ? runs : runs.join("\n");
  const partsKey = parts.join();
  useEffect(() => {
    const names = key === "any" ? undefined : new Set(key.split("\n"));
    const wanted = partsKey.split(",");
    const listener: Listener = ({ run, what }) => {
      if ((!names || names.has(run)) && what.some((part) => wanted.includes(part))) setVersion((value) => value + 1);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [key, partsKey]);
  return version;
}
