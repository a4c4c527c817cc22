const integer = /^[+-]?\d{1,300}$/;
const decimal = /^[+-]?(?:\d{1,300}\.\d{0,300}|\.\d{1,300})$/;

/** The value of `7`, `+7`, `-0.5`, `.5`, `1,000` or `1/2`; undefined for anything else. */
export function parsePlainNumber(text: string): number | undefined {
  const bare = text
    .trim()
    .replace(/^\$|\$$/g, "")
    .replaceAll("−", "-")
    .trim();
  const ungrouped = /^[+-]?\d{1,3}(?:,\d{3}){1,99}(?:\.\d{0,300})?$/.test(bare) ? bare.replaceAll(",", "") : bare;
  if (integer.test(ungrouped) || decimal.test(ungrouped)) return Number(ungrouped);
  const [numerator, denominator, ...more] = ungrouped.split("/");
  if (more.length > 0 || numerator === undefined || denominator === undefined) return undefined;
  if (!integer.test(numerator.trim()) || !integer.test(denominator.trim()) || Number(denominator) === 0)
    return undefined;
  return Number(numerator) / Number(denominator);
}
