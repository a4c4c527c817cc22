import type { Overview } from "@fovea-rl/run-records/view-data";
import type { Route } from "../state/route.ts";

export interface ViewProperties {
  readonly overview: Overview;
  readonly route: Route;
}
