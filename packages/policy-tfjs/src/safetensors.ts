import { type FileHandle, open } from "node:fs/promises";
import { FoveaError } from "@fovea-rl/core";
import { bfloat16ToFloat32, float16ToFloat32 } from "./half-precision.ts";
import { parseHeader, parseHeaderLength, type TensorEntry } from "./safetensors-header.ts";
import { shapeSize } from "./shape-size.ts";
import { writeAside } from "./write-aside.ts";

/** A tensor outside any engine. */
export interface NamedTensor {
  readonly shape: readonly number[];
  /** Row-major; as many values as the product of `shape`. */
  readonly data: Float32Array;
}

export type TensorMap = ReadonlyMap<string, NamedTensor>;

/** A tensor that is read when asked for. */
export interface StoredTensor {
  readonly shape: readonly number[];
  /** Row-major; an array of its own. */
  read(): Promise<Float32Array>;
}

export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** An open file, checked but for its tensors' values. */
export interface OpenSafetensors {
  /** To be read before the file is closed. */
  readonly tensors: StoredTensors;
  readonly metadata: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface Safetensors {
  readonly tensors: TensorMap;
  readonly metadata: Readonly<Record<string, string>>;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Typed arrays read in the machine's byte order; the format is little-endian, and so is every platform Node ships for but s390x. */
function requireLittleEndian(): void {
  if (!LITTLE_ENDIAN) throw new FoveaError("safetensors files can be read and written on little-endian machines only");
}

/** Bytes from offset 0 of a buffer of their own, copied where they are not: typed arrays must be aligned, tensors in a file need not be. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer as ArrayBuffer;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function exactIntegers<Value extends number | bigint>(
  values: Iterable<Value>,
  length: number,
  where: string,
): Float32Array {
  const output = new Float32Array(length);
  let index = 0;
  for (const value of values) {
    output[index] = Number(value);
    if (output[index] !== Number(value) || (typeof value === "bigint" && BigInt(output[index]!) !== value)) {
      throw new FoveaError(`${where} holds ${value}, which a 32-bit float cannot hold exactly`);
    }
    index++;
  }
  return output;
}

function decode(entry: TensorEntry, bytes: Uint8Array, file: string): Float32Array {
  const buffer = aligned(bytes);
  const where = `${file}: the tensor "${entry.name}"`;
  const integers = <Value extends number | bigint>(array: Iterable<Value> & { length: number }): Float32Array =>
    exactIntegers(array, array.length, where);
  const decoders = {
    F32: () => new Float32Array(buffer),
    F16: () => float16ToFloat32(new Uint16Array(buffer)),
    BF16: () => bfloat16ToFloat32(new Uint16Array(buffer)),
    I64: () => integers(new BigInt64Array(buffer)),
    I32: () => integers(new Int32Array(buffer)),
    U8: () => integers(new Uint8Array(buffer)),
  };
  return decoders[entry.elementType]();
}

/**
 * Parses a safetensors file that lies in memory. F16 and BF16 are widened exactly; integers must fit a 32-bit float exactly.
 *
 * @param file the path to name in errors.
 * @throws FoveaError naming the file and the tensor at fault.
 */
export function parseSafetensors(bytes: Uint8Array, file: string): Safetensors {
  requireLittleEndian();
  const headerBytes = parseHeaderLength(bytes.subarray(0, 8), bytes.length, file);
  const data = bytes.subarray(8 + headerBytes);
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes), data.length, file);
  const tensors = new Map(
    header.entries.map((entry) => [
      entry.name,
      { shape: entry.shape, data: decode(entry, data.subarray(entry.begin, entry.end), file) },
    ]),
  );
  return { tensors, metadata: header.metadata };
}

async function readBytes(handle: FileHandle, position: number, length: number, file: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new FoveaError(`${file} ended early while it was read, at byte ${position + filled}`);
    filled += bytesRead;
  }
  return bytes;
}

/**
 * Opens a safetensors file, whose tensors are then read one by one: a model never lies in memory beside what is made of it.
 *
 * @throws FoveaError as {@link parseSafetensors}, and if the file cannot be opened.
 */
export async function openSafetensors(path: string): Promise<OpenSafetensors> {
  requireLittleEndian();
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new FoveaError(`cannot read ${path}: ${why}`, { cause: error });
  });
  try {
    const { size } = await handle.stat();
    const headerBytes = parseHeaderLength(await readBytes(handle, 0, Math.min(8, size), path), size, path);
    const dataStart = 8 + headerBytes;
    const { entries, metadata } = parseHeader(await readBytes(handle, 8, headerBytes, path), size - dataStart, path);
    const tensors = entries.map((entry): [string, StoredTensor] => {
      const length = entry.end - entry.begin;
      const read = async () => decode(entry, await readBytes(handle, dataStart + entry.begin, length, path), path);
      return [entry.name, { shape: entry.shape, read }];
    });
    return { tensors: new Map(tensors), metadata, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All values of tensors, in memory. */
export async function readTensors(stored: StoredTensors): Promise<TensorMap> {
  const tensors = new Map<string, NamedTensor>();
  for (const [name, { shape, read }] of stored) tensors.set(name, { shape, data: await read() });
  return tensors;
}

/**
 * Reads a safetensors file as a whole.
 *
 * @throws FoveaError as {@link openSafetensors}.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  const file = await openSafetensors(path);
  try {
    return { tensors: await readTensors(file.tensors), metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** Tensors to be written: in memory, or read when their turn comes. */
export type WritableTensors = ReadonlyMap<string, NamedTensor | StoredTensor>;

/** A file's names in order, and what stands before the data: length and header. All F32, sorted by name: equal tensors, equal bytes. */
function layOut(
  tensors: WritableTensors,
  metadata: Readonly<Record<string, string>>,
): { readonly names: readonly string[]; readonly header: Uint8Array } {
  requireLittleEndian();
  const names = [...tensors.keys()].sort();
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const name of names) {
    if (name === "__metadata__") throw new FoveaError('a tensor cannot be named "__metadata__"');
    const { shape } = tensors.get(name)!;
    const end = offset + 4 * shapeSize(shape);
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces pad the header so that the data starts at a multiple of 8, as the format asks.
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { names, header };
}

function bytesOf(name: string, { shape }: Pick<NamedTensor, "shape">, data: Float32Array): Uint8Array {
  if (shapeSize(shape) !== data.length) {
    throw new FoveaError(`the tensor "${name}" has the shape [${shape.join(", ")}] but ${data.length} values`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A safetensors file in memory. Transformers asks for the metadata `{"format": "pt"}`. */
export function serialiseSafetensors(
  tensors: TensorMap,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Uint8Array {
  const { names, header } = layOut(tensors, metadata);
  const data = names.map((name) => bytesOf(name, tensors.get(name)!, tensors.get(name)!.data));
  return Buffer.concat([header, ...data]);
}

async function* serialisedParts(
  tensors: WritableTensors,
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  const { names, header } = layOut(tensors, metadata);
  yield header;
  for (const name of names) {
    const tensor = tensors.get(name)!;
    yield bytesOf(name, tensor, "data" in tensor ? tensor.data : await tensor.read());
  }
}

/** Writes a safetensors file aside, one tensor at a time, and renames it into place. */
export async function writeSafetensors(
  path: string,
  tensors: WritableTensors,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  await writeAside(path, serialisedParts(tensors, metadata));
}
