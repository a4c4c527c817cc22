import { InvalidArgumentError } from "commander";

/** Gathers a repeatable option. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || text.trim() === "")
    throw new InvalidArgumentError("It must be a whole number.");
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

/** `a,b,c` without empty entries. */
export function commaList(text: string): readonly string[] {
  const entries = text.split(",").map((entry) => entry.trim());
  if (entries.some((entry) => entry === "")) throw new InvalidArgumentError("Separate the entries by commas: a,b,c.");
  return entries;
}

export function numberList(text: string): readonly number[] {
  return commaList(text).map((entry) => {
    const value = Number(entry);
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`"${entry}" is no whole number.`);
    return value;
  });
}
