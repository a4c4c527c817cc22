import { FoveaError } from "@fovea-rl/core";

/**
 * One object of a `config.json`, read field by field. What nobody read, and nobody declared to be without effect, is refused
 * at the end: a setting that this engine does not know could change what the model computes.
 */
export class ConfigSection {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;
  readonly #read = new Set<string>();

  /** @param place file and path of the section, for errors: `dir/config.json: text_config`. */
  constructor(fields: unknown, place: string) {
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
      throw new FoveaError(`${place} must be an object`);
    }
    this.#fields = fields as Record<string, unknown>;
    this.#place = place;
  }

  fault(name: string, right: string): FoveaError {
    return new FoveaError(`${this.#place}.${name} is ${JSON.stringify(this.#fields[name])}; it must be ${right}`);
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  /** The raw value; null counts as absent. */
  value(name: string): unknown {
    this.#read.add(name);
    return this.#fields[name] ?? undefined;
  }

  #number(name: string, standard: number | undefined, isRight: (value: number) => boolean, right: string): number {
    const value = this.value(name) ?? standard;
    if (typeof value !== "number" || !Number.isFinite(value) || !isRight(value)) throw this.fault(name, right);
    return value;
  }

  positiveInteger(name: string, standard?: number): number {
    return this.#number(name, standard, (value) => Number.isInteger(value) && value > 0, "a positive integer");
  }

  positiveNumber(name: string, standard?: number): number {
    return this.#number(name, standard, (value) => value > 0, "a positive number");
  }

  tokenId(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    return this.#number(name, undefined, (value) => Number.isInteger(value) && value >= 0, "a token id");
  }

  /** A token id or a list of them. */
  tokenIds(name: string): readonly number[] | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const ids = Array.isArray(value) ? value : [value];
    if (!ids.every((id) => Number.isInteger(id) && id >= 0)) throw this.fault(name, "a token id or a list of them");
    return ids as number[];
  }

  flag(name: string, standard: boolean): boolean {
    const value = this.value(name) ?? standard;
    if (typeof value !== "boolean") throw this.fault(name, "true or false");
    return value;
  }

  /** Refuses any value but the given ones; an absent field is right. */
  only(name: string, ...allowed: readonly unknown[]): void {
    const value = this.value(name);
    if (value !== undefined && !allowed.includes(value)) {
      throw this.fault(
        name,
        `${allowed.map((item) => JSON.stringify(item)).join(" or ")}: this engine supports nothing else`,
      );
    }
  }

  section(name: string): ConfigSection {
    return new ConfigSection(this.value(name) ?? {}, `${this.#place}.${name}`);
  }

  /** @param inert fields that change nothing of what the model computes. */
  refuseUnread(inert: ReadonlySet<string>): void {
    for (const name of Object.keys(this.#fields)) {
      if (this.#read.has(name) || inert.has(name) || this.#fields[name] === null || name.startsWith("_")) continue;
      throw new FoveaError(
        `${this.#place}.${name} is a setting that this engine does not know (${JSON.stringify(this.#fields[name])}); ` +
          "if it changes nothing of what the model computes, remove it from the file",
      );
    }
  }
}
