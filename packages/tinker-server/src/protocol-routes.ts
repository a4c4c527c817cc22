import { futureRoutes } from "./future-routes.ts";
import { modelRoutes } from "./model-routes.ts";
import type { Routes, ServerParts } from "./route.ts";
import { samplingRoutes } from "./sampling-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { trainingRoutes } from "./training-routes.ts";
import { weightsRoutes } from "./weights-routes.ts";

/** The protocol's endpoints below /api/v1, by method and path. */
export function protocolRoutes(parts: ServerParts): Routes {
  return {
    ...sessionRoutes(parts),
    ...modelRoutes(parts),
    ...trainingRoutes(parts),
    ...weightsRoutes(parts),
    ...samplingRoutes(parts),
    ...futureRoutes(parts),
  };
}
