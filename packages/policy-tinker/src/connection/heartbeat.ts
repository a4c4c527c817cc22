import { sessionHeartbeatRequestSchema } from "@fovea-rl/tinker-protocol";
import { z } from "zod";
import type { TinkerConnection } from "./tinker-connection.ts";

const SECONDS = 10;

/** Tells the server every ten seconds that the session lives; never keeps the process alive. Call the result to stop. */
export function startHeartbeat(connection: TinkerConnection, sessionId: string, seconds = SECONDS): () => void {
  let isUnderWay = false;
  const timer = setInterval(() => {
    if (isUnderWay) return;
    isUnderWay = true;
    const body = sessionHeartbeatRequestSchema.parse({ session_id: sessionId });
    // A heartbeat that fails is followed by the next; if the session is gone, the next operation says so.
    connection
      .call("/session_heartbeat", z.unknown(), body)
      .catch(() => {})
      .finally(() => {
        isUnderWay = false;
      });
  }, seconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}
