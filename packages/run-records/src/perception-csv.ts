import type { DependencyNumbers, PerceptionProfile } from "./perception-profile.ts";

/** Quoted where CSV (RFC 4180) asks for it; a leading formula sign is defused, since spreadsheets would run it. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

const NUMBERS: readonly (keyof DependencyNumbers)[] = [
  "rollouts",
  "tokens",
  "mean",
  "maximum",
  "top10Share",
  "top20Share",
  "top40Share",
  "trajectoryMean",
  "trajectoryMinimum",
  "trajectoryMaximum",
];

/** The numbers of a profile as CSV: all rollouts, then by family, by verdict and by file. */
export function perceptionNumbersCsv(profile: PerceptionProfile): string {
  const row = (kind: string, name: string, numbers: DependencyNumbers) => [
    kind,
    name,
    ...NUMBERS.map((key) => numbers[key]),
  ];
  return table(
    ["kind", "name", ...NUMBERS],
    [
      row("all", "", profile.overall),
      ...Object.entries(profile.byFamily).map(([name, numbers]) => row("family", name, numbers)),
      ...Object.entries(profile.byVerdict).map(([name, numbers]) => row("verdict", name, numbers)),
      ...profile.byFile.map((numbers) => row("file", numbers.file, numbers)),
    ],
  );
}

/** The most dependent tokens as CSV. */
export function perceptionTokensCsv({ topTokens }: PerceptionProfile): string {
  return table(
    ["token", "count", "mean", "maximum"],
    topTokens.map(({ text, count, mean, maximum }) => [text, count, mean, maximum]),
  );
}
