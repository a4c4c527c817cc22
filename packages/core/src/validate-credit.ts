import type { AdvantageOutput } from "./advantage.ts";
import { FoveaError } from "./fovea-error.ts";
import type { Loss } from "./loss.ts";
import type { Credit, RolloutGroup } from "./rollout.ts";

/**
 * Refuses what an Advantage returned if a Loss could not be trusted with it: a missing or extra entry, a wrong length, a value
 * that is not finite, a column that the loss reads but did not get or that only some rollouts have.
 *
 * @param packageName of the algorithm, for the message.
 * @throws FoveaError naming the package and the field.
 */
export function validateCredit(
  packageName: string,
  loss: Pick<Loss, "columns">,
  groups: readonly RolloutGroup[],
  output: AdvantageOutput,
): void {
  const refuse = (field: string, problem: string): never => {
    throw new FoveaError(`the advantage of the algorithm "${packageName}" is unusable: ${field} ${problem}`);
  };
  const requireCount = (field: string, values: unknown, count: number, what: string) => {
    if (!Array.isArray(values)) refuse(field, `must be an array of ${count} ${what}, not ${typeof values}`);
    const { length } = values as readonly unknown[];
    if (length !== count) refuse(field, `must have one entry for each of the ${count} ${what}, not ${length}`);
  };
  const requireTokens = (field: string, values: unknown, tokens: number) => {
    if (!(values instanceof Float32Array)) refuse(field, `must be a Float32Array of ${tokens} values`);
    const array = values as Float32Array;
    if (array.length !== tokens) {
      refuse(field, `must have one value for each of the rollout's ${tokens} tokens, not ${array.length}`);
    }
    const broken = array.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) refuse(`${field}[${broken}]`, `must be a finite number, not ${array[broken]}`);
  };

  // Plug-ins may be plain JavaScript: nothing of the shape is taken for granted.
  if (typeof output?.metrics !== "object" || output.metrics === null) {
    refuse("metrics", "must be an object of numbers by name");
  }
  requireCount("credit", output.credit, groups.length, "groups");
  const names = Object.keys(output.credit[0]?.[0]?.columns ?? {});
  groups.forEach((group, groupIndex) => {
    requireCount(`credit[${groupIndex}]`, output.credit[groupIndex], group.rollouts.length, "rollouts");
    group.rollouts.forEach((rollout, index) => {
      const field = `credit[${groupIndex}][${index}]`;
      const credit = output.credit[groupIndex]![index] as Credit | undefined;
      const columns = credit?.columns ?? {};
      requireTokens(`${field}.advantages`, credit?.advantages, rollout.tokens.length);
      for (const name of new Set([...loss.columns, ...names, ...Object.keys(columns)])) {
        if (!columns[name]) {
          const reason = loss.columns.includes(name) ? "the loss reads it" : "other rollouts of the batch have it";
          refuse(`${field}.columns.${name}`, `is missing, but ${reason}`);
        }
        if (!names.includes(name)) {
          refuse(`${field}.columns.${name}`, "is missing from the first rollout of the batch; all must have the same");
        }
        requireTokens(`${field}.columns.${name}`, columns[name], rollout.tokens.length);
      }
    });
  });
  for (const [name, value] of Object.entries(output.metrics)) {
    if (!Number.isFinite(value)) refuse(`metrics["${name}"]`, `must be a finite number, not ${value}`);
  }
}
