import type { JsonObject } from "./json-object.ts";

/** Metrics in columns of float64, NaN where a line has none. */
export class MetricTable {
  readonly #columns = new Map<string, Float64Array>();
  #steps = new Float64Array(64);
  #length = 0;

  append(step: number, numbers: JsonObject): void {
    if (this.#length === this.#steps.length) this.#grow();
    this.#steps[this.#length] = step;
    for (const name in numbers) {
      const value = numbers[name];
      if (typeof value !== "number") continue;
      let column = this.#columns.get(name);
      if (!column) {
        column = new Float64Array(this.#steps.length).fill(Number.NaN);
        this.#columns.set(name, column);
      }
      column[this.#length] = value;
    }
    this.#length++;
  }

  get names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  get bytes(): number {
    return (this.#columns.size + 1) * this.#steps.byteLength;
  }

  get steps(): Float64Array {
    return this.#steps.subarray(0, this.#length);
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** `[lines]`; all NaN for an unknown name. */
  column(name: string): Float64Array {
    return this.#columns.get(name)?.subarray(0, this.#length) ?? new Float64Array(this.#length).fill(Number.NaN);
  }

  #grow(): void {
    // A quarter more, not twice as much: hundreds of long runs are kept.
    const capacity = Math.ceil(this.#steps.length * 1.25);
    const larger = (values: Float64Array) => {
      const copy = new Float64Array(capacity).fill(Number.NaN);
      copy.set(values);
      return copy;
    };
    this.#steps = larger(this.#steps);
    for (const [name, values] of this.#columns) this.#columns.set(name, larger(values));
  }
}
