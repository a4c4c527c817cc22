import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parseSafetensors, readSafetensors, serialiseSafetensors, writeSafetensors } from "./safetensors.ts";

const directory = mkdtempSync(join(tmpdir(), "fovea-safetensors-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file with a header of the test's own making. */
function fileWith(header: unknown, data: ArrayBufferView | number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const body =
    typeof data === "number" ? Buffer.alloc(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([length, json, body]);
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return fc.record({
    shape: fc.constant(shape),
    data: fc.array(fc.float(), { minLength: length, maxLength: length }).map((values) => Float32Array.from(values)),
  });
});

describe("a safetensors file", () => {
  it("holds what was written, whatever the names, shapes and values", () => {
    const name = fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text !== "__metadata__");
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 }), (entries) => {
        const bytes = serialiseSafetensors(new Map(entries), { note: "x" });
        const { tensors, metadata } = parseSafetensors(bytes, "file");
        expect(metadata).toEqual({ note: "x" });
        expect(new Map(tensors)).toEqual(new Map(entries));
      }),
    );
  });

  it("has its data at a multiple of 8 bytes and does not depend on the order of insertion", () => {
    const a = { shape: [1], data: Float32Array.of(1) };
    const b = { shape: [2], data: Float32Array.of(2, 3) };
    const forth = serialiseSafetensors(
      new Map([
        ["a", a],
        ["b", b],
      ]),
    );
    const back = serialiseSafetensors(
      new Map([
        ["b", b],
        ["a", a],
      ]),
    );
    expect(Buffer.from(forth).equals(back)).toBe(true);
    expect(new DataView(forth.buffer, forth.byteOffset).getUint32(0, true) % 8).toBe(0);
  });

  it("is read the same from disk, and widens half precision and integers exactly", async () => {
    const header = {
      bfloat: entry("BF16", [2], 0, 4),
      half: entry("F16", [1, 2], 4, 8),
      // 1 byte, so that all after it is unaligned.
      byte: entry("U8", [1], 8, 9),
      long: entry("I64", [2], 9, 25),
      int: entry("I32", [1], 25, 29),
    };
    const data = Buffer.alloc(29);
    data.writeUInt16LE(0x3fc0, 0);
    data.writeUInt16LE(0xc2f7, 2);
    data.writeUInt16LE(0x3c01, 4);
    data.writeUInt16LE(0x0001, 6);
    data[8] = 200;
    data.writeBigInt64LE(-7n, 9);
    data.writeBigInt64LE(16777216n, 17);
    data.writeInt32LE(-2147483648, 25);
    const path = join(directory, "types.safetensors");
    writeFileSync(path, fileWith(header, data));
    const { tensors } = await readSafetensors(path);
    expect(Object.fromEntries([...tensors].map(([name, { data: values }]) => [name, [...values]]))).toEqual({
      bfloat: [1.5, -123.5],
      half: [1 + 2 ** -10, 2 ** -24],
      byte: [200],
      long: [-7, 16777216],
      int: [-2147483648],
    });
    expect(parseSafetensors(readFileSync(path), path).tensors).toEqual(tensors);
  });

  it("is replaced whole: nothing else is left beside it, and a failed write keeps the old one", async () => {
    const path = join(directory, "whole.safetensors");
    await writeSafetensors(path, new Map([["a", { shape: [1], data: Float32Array.of(1) }]]));
    await expect(
      writeSafetensors(path, new Map([["broken", { shape: [3], data: Float32Array.of(1) }]])),
    ).rejects.toThrow(/"broken" has the shape \[3\] but 1 values/);
    expect((await readSafetensors(path)).tensors.get("a")?.data).toEqual(Float32Array.of(1));
    expect(readdirSync(directory).filter((file) => file.startsWith("whole"))).toEqual(["whole.safetensors"]);
    await expect(writeSafetensors(join(directory, "absent", "x.safetensors"), new Map())).rejects.toThrow(
      /absent\/x\.safetensors: its directory does not exist/,
    );
  });
});

describe("a file that lies", () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ["is empty", new Uint8Array(0), /0 bytes/],
    ["claims a header beyond its end", fileWith({}, 0).fill(0xff, 0, 2), /truncated: its header takes 65543 bytes/],
    ["claims an absurd header", fileWith({}, 0).fill(0xff, 0, 8), /claims a header of/],
    ["has a header that is not JSON", fileWith("{", 0), /not JSON/],
    ["has a list for a header", fileWith([], 0), /not an object/],
    ["lacks data", fileWith({ w: entry("F32", [2], 0, 8) }, 7), /truncated: the tensor "w" ends at byte 8 of 7/],
    ["has data that belong to no tensor", fileWith({ w: entry("F32", [2], 0, 8) }, 9), /1 bytes at the end/],
    [
      "has overlapping tensors",
      fileWith({ a: entry("F32", [2], 0, 8), b: entry("F32", [2], 4, 12) }, 12),
      /"b" overlaps/,
    ],
    [
      "has a hole",
      fileWith({ a: entry("F32", [1], 0, 4), b: entry("F32", [1], 8, 12) }, 12),
      /hole of 4 bytes before "b"/,
    ],
    ["starts with a hole", fileWith({ b: entry("F32", [1], 4, 8) }, 8), /hole of 4 bytes before "b"/],
    ["has a shape larger than its bytes", fileWith({ w: entry("F32", [3], 0, 8) }, 8), /"w" takes 12 bytes .* span 8/],
    ["has a size that overflows", fileWith({ w: entry("U8", [2 ** 52, 2 ** 52], 0, 8) }, 8), /"w" takes/],
    ["has offsets that go back", fileWith({ w: entry("F32", [0], 8, 0) }, 0), /span -8/],
    ["has a negative offset", fileWith({ w: entry("F32", [1], -4, 0) }, 0), /"w" has the data_offsets \[-4,0\]/],
    ["has a fractional shape", fileWith({ w: entry("F32", [0.5], 0, 2) }, 2), /"w" has the shape \[0\.5\]/],
    [
      "has an unsupported type",
      fileWith({ w: entry("F8_E4M3", [1], 0, 1) }, 1),
      /"w" has the type "F8_E4M3"; supported/,
    ],
    ["has an unknown field", fileWith({ w: { ...entry("U8", [1], 0, 1), scale: 2 } }, 1), /unknown field "scale"/],
    ["describes no tensor", fileWith({ w: 3 }, 0), /"w" is not described/],
    [
      "names a tensor twice",
      fileWith(
        `{"w":${JSON.stringify(entry("U8", [1], 0, 1))}, "\\u0077" :${JSON.stringify(entry("U8", [1], 0, 1))}}`,
        1,
      ),
      /"w" stands twice/,
    ],
    ["has metadata that are not texts", fileWith({ __metadata__: { a: 1 } }, 0), /__metadata__/],
    [
      "holds an integer no float can",
      fileWith({ n: entry("I64", [1], 0, 8) }, BigInt64Array.of(16777217n)),
      /"n" holds 16777217/,
    ],
  ];

  it.each(cases)("and %s is refused by name, from memory and from disk", async (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, "some/file.safetensors")).toThrow(message);
    expect(() => parseSafetensors(bytes, "some/file.safetensors")).toThrow("some/file.safetensors");
    const path = join(directory, "lie.safetensors");
    writeFileSync(path, bytes);
    await expect(readSafetensors(path)).rejects.toThrow(message);
  });

  it("is refused whichever byte it was cut at", () => {
    const whole = serialiseSafetensors(new Map([["w", { shape: [2], data: Float32Array.of(1, 2) }]]));
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseSafetensors(whole.subarray(0, length), "cut")).toThrow(/^cut/);
    }
  });

  it("is refused if it is absent", async () => {
    await expect(readSafetensors(join(directory, "absent.safetensors"))).rejects.toThrow(/there is no such file/);
    truncateSync(join(directory, "types.safetensors"), 3);
    await expect(readSafetensors(join(directory, "types.safetensors"))).rejects.toThrow(/3 bytes/);
  });
});
