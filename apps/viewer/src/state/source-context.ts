import type { ViewSource } from "@fovea-rl/run-records/view-data";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

export const SourceContext = createContext<ViewSource | undefined>(undefined);

export function useSource(): ViewSource {
  const source = useContext(SourceContext);
  if (!source) throw new Error("there is no source of data around this component");
  return source;
}
