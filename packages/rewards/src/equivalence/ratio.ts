import { exactValue } from "../expression/exact-value.ts";
import type { Expression, ExpressionOf } from "../expression/expression.ts";
import type { Comparison, Rule } from "./settings.ts";

/** 3 : 2, 6 : 4 and 3/2. What could be times of day (1:20 and 2:40) is compared part by part instead. */
export function sameRatio(reference: Expression, response: Expression, { same }: Comparison): Rule {
  if (reference.kind === "ratio" && response.kind === "ratio") {
    const [expected, given] = [reference.parts, response.parts];
    if (expected.length !== given.length) return undefined;
    if (expected.every((part, index) => same(part, given[index]!))) return "same ratio";
    if (isTime(reference) && isTime(response)) return undefined;
    const scaled = expected.every((part, index) =>
      same(product(part, given[0]!), product(given[index]!, expected[0]!)),
    );
    const hasZero = [...expected, ...given].some((part) => exactValue(part)?.numerator === 0n);
    return scaled && !hasZero ? "same ratio" : undefined;
  }
  const [ratio, other] = reference.kind === "ratio" ? [reference, response] : [response, reference];
  if (ratio.kind !== "ratio" || ratio.parts.length !== 2 || isTime(ratio)) return undefined;
  const quotient: Expression = { kind: "quotient", numerator: ratio.parts[0]!, denominator: ratio.parts[1]! };
  return same(quotient, other) && "same ratio";
}

function isTime({ parts }: ExpressionOf<"ratio">): boolean {
  const [hours, minutes] = parts.map((part) => {
    const value = exactValue(part);
    return value?.denominator === 1n ? Number(value.numerator) : undefined;
  });
  return (
    hours !== undefined && minutes !== undefined && hours <= 24 && (minutes === 0 || (minutes >= 10 && minutes < 60))
  );
}

function product(a: Expression, b: Expression): Expression {
  return { kind: "product", factors: [a, b] };
}
