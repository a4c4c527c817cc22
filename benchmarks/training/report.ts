import type { Records } from "./records.ts";
export function writeReport(_records: Records, _directory: string): void {}
