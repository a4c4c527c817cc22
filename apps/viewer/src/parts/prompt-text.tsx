import type { RolloutRecord } from "@fovea-rl/run-records/view-data";
import { visibleText } from "../text/visible-text.ts";

/** The messages, each text isolated, an image as its number. */
export function PromptText({ prompt }: Pick<RolloutRecord, "prompt">) {
  return (
    <div class="prompt">
      {prompt.map(({ role, content }, index) => (
        <p key={index}>
          <span class="muted">{visibleText(role)}</span>{" "}
          {content.map((part, place) =>
            part.type === "image" ? (
              <span key={place} class="chip">
                image {part.index + 1}
              </span>
            ) : (
              <bdi key={place} class="text">
                {visibleText(part.text)}
              </bdi>
            ),
          )}
        </p>
      ))}
    </div>
  );
}
