import type { RolloutRecord } from "@fovea-rl/run-records/view-data";
import { useState } from "preact/hooks";
import { useSource } from "../state/source-context.ts";
import { visibleText } from "../text/visible-text.ts";

interface PromptImagesProperties {
  readonly run: string;
  readonly file: string;
  readonly rollout: RolloutRecord;
  readonly isPerturbed: boolean;
  readonly onPerturbed: (isPerturbed: boolean) => void;
}

/** The images as the policy saw them, or as the extra pass did. */
export function PromptImages({ run, file, rollout, isPerturbed, onPerturbed }: PromptImagesProperties) {
  const { images, perturbedImages } = rollout;
  if (images.length === 0) return <p class="muted">This prompt has no image.</p>;
  const shown = isPerturbed && perturbedImages ? perturbedImages : images;
  return (
    <div>
      {perturbedImages && (
        <fieldset class="switch">
          <legend>Image</legend>
          <label>
            <input type="radio" name="image" checked={!isPerturbed} onChange={() => onPerturbed(false)} /> as seen
          </label>
          <label>
            <input type="radio" name="image" checked={isPerturbed} onChange={() => onPerturbed(true)} /> perturbed
          </label>
        </fieldset>
      )}
      <div class="images">
        {shown.map((path, index) => (
          <PromptImage
            key={path}
            run={run}
            file={file}
            path={path}
            title={`${isPerturbed && perturbedImages ? "Perturbed image" : "Image"} ${index + 1} of the prompt`}
          />
        ))}
      </div>
      {!perturbedImages && <p class="muted">The perturbed image was not recorded.</p>}
    </div>
  );
}

interface PromptImageProperties {
  readonly run: string;
  readonly file: string;
  readonly path: string;
  readonly title: string;
}

function PromptImage({ run, file, path, title }: PromptImageProperties) {
  const source = useSource();
  const [isMissing, setMissing] = useState(false);
  const address = source.imageAddress(run, file, path);
  if (isMissing || address === "") {
    return (
      <p class="problem">
        <code>{visibleText(path)}</code> is missing or no PNG.
      </p>
    );
  }
  return <img src={address} alt={title} onError={() => setMissing(true)} />;
}
