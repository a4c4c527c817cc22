import { retrieveFutureRequestSchema } from "@fovea-rl/tinker-protocol";
import { encodeResult } from "./protobuf-codec.ts";
import { parse, type Routes, type ServerParts, SpecialAnswer } from "./route.ts";

/** Results that clients come back for. */
export function futureRoutes({ futures, pollMilliseconds }: ServerParts): Routes {
  return {
    "POST /retrieve_future": async (body, takesProtobuf) => {
      const { request_id } = parse(retrieveFutureRequestSchema, body);
      const outcome = await futures.wait(request_id, pollMilliseconds);
      if (outcome === undefined) {
        return new SpecialAnswer(408, { type: "try_again", request_id, queue_state: "active" });
      }
      if (outcome.kind === "failure") {
        return { error: outcome.error, category: outcome.isUserError ? "user" : "server" };
      }
      const protobuf = takesProtobuf ? encodeResult(outcome.resultType, outcome.value) : undefined;
      return protobuf === undefined ? outcome.value : new SpecialAnswer(200, outcome.value, protobuf);
    },
  };
}
