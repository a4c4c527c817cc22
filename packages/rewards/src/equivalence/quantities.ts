import type { Expression, ExpressionOf } from "../expression/expression.ts";
import { decimal } from "../expression/rational.ts";
import { measure } from "../notation/units.ts";
import type { Comparison, Rule } from "./settings.ts";

type Annotated = ExpressionOf<"quantity" | "percent" | "degrees" | "based" | "modular">;

export function isAnnotated(expression: Expression): expression is Annotated {
  return ["quantity", "percent", "degrees", "based", "modular"].includes(expression.kind);
}

/** Numbers with a unit, a percent sign, a degree sign, a base or a modulus, against each other or against bare ones. */
export function sameAnnotated(reference: Expression, response: Expression, comparison: Comparison): Rule {
  if (reference.kind === "based" || response.kind === "based") return sameBased(reference, response);
  if (reference.kind === "modular" || response.kind === "modular") return sameModular(reference, response, comparison);
  if (reference.kind === "quantity" || response.kind === "quantity")
    return sameQuantity(reference, response, comparison);
  if (reference.kind === "percent" || response.kind === "percent") return samePercent(reference, response, comparison);
  return sameDegrees(reference, response, comparison);
}

/** 28 %, 28 and 0.28 answer one another; 28 % and 0.28 % do not. */
function samePercent(reference: Expression, response: Expression, { same }: Comparison): Rule {
  if (reference.kind === "percent" && response.kind === "percent") return same(reference.operand, response.operand);
  const [percent, other] = reference.kind === "percent" ? [reference, response] : [response, reference];
  if (percent.kind !== "percent") return undefined;
  const value: Expression = {
    kind: "quotient",
    numerator: percent.operand,
    denominator: { kind: "number", value: { numerator: 100n, denominator: 1n } },
  };
  return (same(other, percent.operand) ?? same(other, value)) && "same percentage";
}

/** 90°, 90 and, since a degree is π/180, π/2. */
function sameDegrees(reference: Expression, response: Expression, { same }: Comparison): Rule {
  if (reference.kind === "degrees" && response.kind === "degrees") return same(reference.operand, response.operand);
  const [degrees, other] = reference.kind === "degrees" ? [reference, response] : [response, reference];
  if (degrees.kind !== "degrees") return undefined;
  const halfTurn: Expression = { kind: "number", value: { numerator: 180n, denominator: 1n } };
  const radians: Expression = {
    kind: "quotient",
    numerator: { kind: "product", factors: [degrees.operand, { kind: "constant", name: "pi" }] },
    denominator: halfTurn,
  };
  return (same(other, degrees.operand) ?? same(other, radians)) && "same angle";
}

function sameBased(reference: Expression, response: Expression): Rule {
  const [based, other] = reference.kind === "based" ? [reference, response] : [response, reference];
  if (based.kind !== "based") return undefined;
  if (other.kind === "based")
    return other.base === based.base && trim(other.digits) === trim(based.digits)
      ? "same digits in the base"
      : undefined;
  const isDigits =
    other.kind === "number" &&
    other.value.denominator === 1n &&
    other.value.numerator.toString() === trim(based.digits);
  return isDigits ? "same digits, base left out" : undefined;
}

const trim = (digits: string): string => digits.replace(/^0+(?=\d)/, "");

function sameModular(reference: Expression, response: Expression, { same }: Comparison): Rule {
  const value = (expression: Expression): Expression =>
    expression.kind === "modular" ? expression.operand : expression;
  if (reference.kind === "modular" && response.kind === "modular" && !same(reference.modulus, response.modulus))
    return undefined;
  return same(value(reference), value(response));
}

function sameQuantity(reference: Expression, response: Expression, comparison: Comparison): Rule {
  const { same, settings } = comparison;
  if (reference.kind === "quantity" && response.kind === "quantity") {
    const [expected, given] = [measure(reference.unit), measure(response.unit)];
    if (expected && given && expected.dimension === given.dimension) {
      if (expected.factor === given.factor) return same(reference.operand, response.operand);
      return (
        same(scaled(reference.operand, expected.factor), scaled(response.operand, given.factor)) && "same quantity"
      );
    }
    if (settings.units === "checked" && singular(reference.unit) !== singular(response.unit)) return undefined;
    return same(reference.operand, response.operand);
  }
  const [quantity, other] = reference.kind === "quantity" ? [reference, response] : [response, reference];
  if (quantity.kind !== "quantity") return undefined;
  if (quantity.asFormula && same(quantity.asFormula, other)) return "same expression";
  if (settings.units === "checked" && reference.kind === "quantity") return undefined;
  return reference.kind === "quantity" ? same(quantity.operand, other) : same(other, quantity.operand);
}

function scaled(operand: Expression, factor: number): Expression {
  const value = decimal(factor.toFixed(12).replace(/0+$/, "")) ?? { numerator: 1n, denominator: 1n };
  return { kind: "product", factors: [operand, { kind: "number", value }] };
}

export function singular(unit: string): string {
  return unit.toLowerCase().replace(/(?<=\w{2})s\b/g, "");
}
