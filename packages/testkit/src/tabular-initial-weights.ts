import { randomGenerator } from "@fovea-rl/core";
import { FEATURES } from "./tabular-network.ts";
import { tabularVocabulary } from "./tabular-vocabulary.ts";

const V = tabularVocabulary.length;
const token = (text: string) => tabularVocabulary.indexOf(text);

/** `[FEATURES, V]`, row-major: small noise, and a habit of answering `look bright \boxed{d}` with any digit. */
export function tabularInitialWeights(seed: number): Float32Array {
  const random = randomGenerator({ seed, purpose: "tabular-weights" });
  const weights = Float32Array.from({ length: FEATURES * V }, () => 0.1 * random.normal());
  const prefer = (previous: string, next: string, logit: number) => {
    weights[token(previous) * V + token(next)]! += logit;
  };
  prefer("<end>", "look ", 3);
  prefer("<end>", "\\boxed{", 2);
  prefer("look ", "bright ", 3);
  prefer("look ", "\\boxed{", 2);
  prefer("bright ", "\\boxed{", 4);
  for (const digit of ["0", "1", "2", "3"]) {
    prefer("\\boxed{", digit, 4);
    prefer(digit, "}", 5);
  }
  prefer("}", "<end>", 5);
  return weights;
}
