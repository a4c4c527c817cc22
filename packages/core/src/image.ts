/** A decoded image: 8-bit RGB, rows from top to bottom. Engines resize and normalise it; algorithms and tasks never do. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`, row-major, 0 (black) to 255. */
  readonly data: Uint8Array;
}
