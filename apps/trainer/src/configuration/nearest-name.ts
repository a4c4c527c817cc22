import { closest, distance } from "fastest-levenshtein";

/** The valid name that was probably meant, if any is near: at most a third of its letters differ. */
export function nearestName(name: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  const best = closest(name.toLowerCase(), valid.map((candidate) => candidate.toLowerCase()) as string[]);
  const original = valid.find((candidate) => candidate.toLowerCase() === best)!;
  const limit = Math.max(2, Math.ceil(Math.max(original.length, name.length) / 3));
  return distance(name.toLowerCase(), best) <= limit ? original : undefined;
}

/** ` (did you mean "x"?)`, or the valid names when none is near, or nothing when none is known. */
export function suggestName(name: string, valid: readonly string[]): string {
  const nearest = nearestName(name, valid);
  if (nearest !== undefined) return `; did you mean "${nearest}"?`;
  return valid.length === 0 ? "" : `; valid here: ${valid.join(", ")}`;
}
