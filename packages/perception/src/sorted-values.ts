/** Merges two ascending arrays. */
function merge(a: Float64Array, b: Float64Array): Float64Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged = new Float64Array(a.length + b.length);
  let fromA = 0;
  let fromB = 0;
  for (let place = 0; place < merged.length; place++) {
    const takeA = fromB === b.length || (fromA < a.length && a[fromA]! <= b[fromB]!);
    merged[place] = takeA ? a[fromA++]! : b[fromB++]!;
  }
  return merged;
}

/**
 * Numbers kept in order while more arrive: sorted runs, each at least twice as long as the next, so that n numbers in any
 * number of pieces cost O(n log n) in all, and another collection's runs are taken over without sorting them again.
 */
export class SortedValues {
  readonly #runs: Float64Array[] = [];
  #buffer = new Float64Array(64);
  #buffered = 0;

  add(values: ArrayLike<number>): void {
    if (this.#buffered + values.length > this.#buffer.length) {
      const larger = new Float64Array(2 * (this.#buffered + values.length));
      larger.set(this.#buffer.subarray(0, this.#buffered));
      this.#buffer = larger;
    }
    this.#buffer.set(values, this.#buffered);
    this.#buffered += values.length;
  }

  addAll(other: SortedValues): void {
    this.#flush();
    this.#push(other.ascending());
  }

  /** Not to be written to. */
  ascending(): Float64Array {
    this.#flush();
    while (this.#runs.length > 1) this.#mergeLast();
    return this.#runs[0] ?? new Float64Array(0);
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    this.#push(this.#buffer.slice(0, this.#buffered).sort());
    this.#buffer = new Float64Array(64);
    this.#buffered = 0;
  }

  #push(run: Float64Array): void {
    if (run.length === 0) return;
    this.#runs.push(run);
    while (this.#runs.length > 1 && this.#runs.at(-2)!.length < 2 * this.#runs.at(-1)!.length) this.#mergeLast();
  }

  #mergeLast(): void {
    const last = this.#runs.pop()!;
    this.#runs.push(merge(this.#runs.pop()!, last));
  }
}
