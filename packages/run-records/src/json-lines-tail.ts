import { open, stat } from "node:fs/promises";

/** A whole line of a file that grows, with its place in bytes. */
export interface TailLine {
  readonly text: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Parsed without a pause, some milliseconds: whoever waits for another answer of this process waits no longer. */
const CHUNK_BYTES = 512 * 2 ** 10;
/** A line of more than this is no record of a run. */
const LARGEST_LINE_BYTES = 64 * 2 ** 20;

/**
 * Reads the whole lines of a file once, and later those that were appended. A last line without its newline is being written:
 * it waits.
 */
export class JsonLinesTail {
  readonly #path: string;
  #identity = "";
  #offset = 0;
  #modified = -1;
  #size = -1;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether {@link read} would find anything changed: to be asked of many files at once. */
  async hasNews(): Promise<boolean> {
    const found = await stat(this.#path).catch(() => undefined);
    if (!found?.isFile()) return this.#identity !== "";
    return (
      `${found.dev}:${found.ino}` !== this.#identity || found.size !== this.#size || found.mtimeMs !== this.#modified
    );
  }

  /**
   * Hands over each line that is new since the last call.
   *
   * @param restart called before the first line when the file is new, absent, shorter or another than before: what was read
   * earlier no longer holds.
   * @param pause waited for before each piece.
   * @returns whether anything changed.
   */
  async read(
    restart: () => void,
    onLine: (line: TailLine) => void,
    pause: () => Promise<void> | undefined = () => undefined,
  ): Promise<boolean> {
    const found = await stat(this.#path).catch(() => undefined);
    if (!found?.isFile()) {
      const existed = this.#identity !== "";
      this.#identity = "";
      if (existed) restart();
      return existed;
    }
    const identity = `${found.dev}:${found.ino}`;
    if (identity === this.#identity && found.size === this.#size && found.mtimeMs === this.#modified) return false;
    if (identity !== this.#identity || found.size < this.#offset) {
      restart();
      this.#identity = identity;
      this.#offset = 0;
    }
    this.#size = found.size;
    this.#modified = found.mtimeMs;
    await this.#readLines(onLine, pause);
    return true;
  }

  async #readLines(onLine: (line: TailLine) => void, pause: () => Promise<void> | undefined): Promise<void> {
    const handle = await open(this.#path, "r");
    try {
      let rest: Buffer = Buffer.alloc(0);
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, this.#size - this.#offset)));
      for (let position = this.#offset; ; ) {
        await pause();
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        const fresh = chunk.subarray(0, bytesRead);
        const data: Buffer = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
        let start = 0;
        for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, start)) {
          const bytes = end - start;
          onLine({ text: data.toString("utf8", start, end), offset: this.#offset, bytes });
          this.#offset += bytes + 1;
          start = end + 1;
        }
        rest = Buffer.from(data.subarray(start));
        if (rest.length > LARGEST_LINE_BYTES) throw new Error(`a line of more than ${LARGEST_LINE_BYTES} bytes`);
      }
    } finally {
      await handle.close();
    }
  }
}
