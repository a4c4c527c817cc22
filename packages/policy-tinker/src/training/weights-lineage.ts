import { createHash } from "node:crypto";

function sha256(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/**
 * A name for weights that nobody here can read: the SHA-256 of all that made them, from the base model over each accepted gradient
 * to each step. Equal lineage means equal weights as far as the server computes the same twice.
 */
export class WeightsLineage {
  #digest: string;
  #pending: string[] = [];

  constructor(origin: readonly string[]) {
    this.#digest = sha256("origin", ...origin);
  }

  get digest(): string {
    return this.#digest;
  }

  addGradient(body: unknown): void {
    this.#pending.push(sha256(JSON.stringify(body)));
  }

  applyStep(adamParams: unknown): void {
    this.#digest = sha256(this.#digest, ...this.#pending, JSON.stringify(adamParams));
    this.#pending = [];
  }

  restore(digest: string): void {
    this.#digest = digest;
    this.#pending = [];
  }
}
