import { FoveaError } from "@fovea-rl/core";
import { duplicateKey } from "./duplicate-keys.ts";

/** Bytes per element of the types that are read. */
export const ELEMENT_BYTES = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1 } as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

/** Where one tensor lies in a file. */
export interface TensorEntry {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  /** In bytes from the end of the header; `end` is exclusive. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header. */
const MAXIMUM_HEADER_BYTES = 100_000_000;

/**
 * Reads the header's length from the file's first 8 bytes (little-endian).
 *
 * @param fileBytes size of the whole file.
 */
export function parseHeaderLength(start: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < 8 || start.length < 8) {
    throw new FoveaError(
      `${file} is no safetensors file: it has ${fileBytes} bytes, and the header alone takes 8 or more`,
    );
  }
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > MAXIMUM_HEADER_BYTES) {
    throw new FoveaError(`${file} is no safetensors file: it claims a header of ${length} bytes`);
  }
  if (8 + length > fileBytes) {
    throw new FoveaError(`${file} is truncated: its header takes ${8 + length} bytes, and the file has ${fileBytes}`);
  }
  return length;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(name: string, value: unknown, file: string): TensorEntry {
  const fault = (what: string): FoveaError => new FoveaError(`${file}: the tensor "${name}" ${what}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fault("is not described by an object");
  const { dtype, shape, data_offsets: offsets, ...rest } = value as Record<string, unknown>;
  const [unknownField] = Object.keys(rest);
  if (unknownField !== undefined) throw fault(`has the unknown field "${unknownField}"`);
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw fault(`has the type ${JSON.stringify(dtype)}; supported are ${Object.keys(ELEMENT_BYTES).join(", ")}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fault(`has the shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw fault(`has the data_offsets ${JSON.stringify(offsets)}; they must be two sizes in bytes`);
  }
  const [begin, end] = offsets as [number, number];
  const elementType = dtype as ElementType;
  const bytes = shape.reduce((product: number, size) => product * size, ELEMENT_BYTES[elementType]);
  if (end - begin !== bytes) {
    throw fault(`takes ${bytes} bytes as ${dtype} [${shape.join(", ")}], but its offsets span ${end - begin}`);
  }
  return { name, elementType, shape: Object.freeze([...shape]), begin, end };
}

/** Tensors must fill the data exactly: one that overlaps another, a hole, or a missing end mean a lying or broken file. */
function checkCoverage(entries: readonly TensorEntry[], dataBytes: number, file: string): void {
  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin < expected)
      throw new FoveaError(`${file}: the tensor "${name}" overlaps the one before it, at byte ${begin}`);
    if (begin > expected)
      throw new FoveaError(`${file}: there is a hole of ${begin - expected} bytes before "${name}"`);
    if (end > dataBytes) {
      throw new FoveaError(`${file} is truncated: the tensor "${name}" ends at byte ${end} of ${dataBytes} data bytes`);
    }
    expected = end;
  }
  if (expected !== dataBytes) {
    throw new FoveaError(`${file}: ${dataBytes - expected} bytes at the end belong to no tensor`);
  }
}

/**
 * Parses and checks a header.
 *
 * @param bytes the header's JSON, UTF-8.
 * @param dataBytes bytes in the file after the header.
 * @param file the path to name in errors.
 * @throws FoveaError naming the file and the tensor if the header contradicts itself or the file.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (error) {
    throw new FoveaError(`${file} is no safetensors file: its header is not JSON`, { cause: error });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new FoveaError(`${file} is no safetensors file: its header is not an object`);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new FoveaError(`${file}: "${twice}" stands twice in the header`);
  const { __metadata__: metadata = {}, ...tensors } = parsed as Record<string, unknown>;
  if (typeof metadata !== "object" || metadata === null || Object.values(metadata).some((v) => typeof v !== "string")) {
    throw new FoveaError(`${file}: __metadata__ must map names to texts`);
  }
  const entries = Object.entries(tensors)
    .map(([name, value]) => parseEntry(name, value, file))
    .sort((left, right) => left.begin - right.begin || left.end - right.end);
  checkCoverage(entries, dataBytes, file);
  return { entries, metadata: metadata as Record<string, string> };
}
