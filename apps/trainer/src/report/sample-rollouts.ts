import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RolloutLine } from "../recorders/rollout-line.ts";
import { readJsonLines } from "../run-directory/json-lines-file.ts";
import { escapeHtml } from "./escape-html.ts";

function embedImage(directory: string, name: string, alternative: string): string {
  const path = join(directory, name);
  if (!existsSync(path)) return "";
  const data = readFileSync(path).toString("base64");
  return `<img alt="${escapeHtml(alternative)}" src="data:image/png;base64,${data}">`;
}

/** Tokens shaded by how much they look at the image, where the algorithm measured it. */
function shadeTokens({ tokenTexts, columns }: RolloutLine): string {
  const dependency = columns["dependency"];
  const weights = columns["tokenWeights"];
  const most = Math.max(1e-12, ...(dependency ?? []));
  return tokenTexts
    .map((text, place) => {
      const value = dependency?.[place];
      if (value === undefined) return `<span class="token">${escapeHtml(text)}</span>`;
      const share = Math.sqrt(value / most).toFixed(2);
      const trained = weights === undefined || weights[place]! > 0 ? " kept" : "";
      return `<span class="token${trained}" style="--look:${share}" title="dependency ${value}">${escapeHtml(text)}</span>`;
    })
    .join("");
}

function drawRollout(directory: string, line: RolloutLine): string {
  const question = line.prompt
    .flatMap(({ content }) => content)
    .map((part) => (part.type === "text" ? part.text : ""))
    .join(" ")
    .trim();
  const images = line.images.map((name) => embedImage(directory, name, "the prompt's image")).join("");
  const perturbed = (line.perturbedImages ?? [])
    .map((name) => embedImage(directory, name, "the image perturbed"))
    .join("");
  return `<article><div class="images">${images}${perturbed}</div><div>
<p class="question">${escapeHtml(question)} <span class="answer">expected ${escapeHtml(line.referenceAnswer)}</span></p>
<p class="response">${shadeTokens(line)}</p>
<p class="verdict">reward ${line.reward.toFixed(2)}${line.extracted === undefined ? "" : `, answered ${escapeHtml(line.extracted)}`}${line.reason === undefined ? "" : ` (${escapeHtml(line.reason)})`}</p>
</div></article>`;
}

/** The first rollouts of the first and of the newest recorded update. */
export function drawSamples(rolloutsDirectory: string, perStep = 6): string {
  const steps = existsSync(rolloutsDirectory)
    ? readdirSync(rolloutsDirectory)
        .map((name) => name.match(/^step-(\d+)\.jsonl$/)?.[1])
        .filter((step) => step !== undefined)
        .map(Number)
        .sort((a, b) => a - b)
    : [];
  if (steps.length === 0) return "<p>No rollouts were recorded.</p>";
  const chosen = [...new Set([steps[0]!, steps.at(-1)!])];
  return chosen
    .map((step) => {
      const lines = readJsonLines<RolloutLine>(join(rolloutsDirectory, `step-${step}.jsonl`));
      const prompts = [...new Set(lines.map(({ promptId }) => promptId))];
      // One after the other from each group, so that several prompts are seen.
      const picked = Array.from({ length: perStep }, (_, index) => {
        const group = lines.filter(({ promptId }) => promptId === prompts[index % prompts.length]);
        return group[Math.floor(index / prompts.length)];
      }).filter((line) => line !== undefined);
      return `<h3>Update ${step}</h3>${picked.map((line) => drawRollout(rolloutsDirectory, line)).join("\n")}`;
    })
    .join("\n");
}
