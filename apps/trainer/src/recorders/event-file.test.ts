import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";
import { decodeEvents, encodeEvent } from "./event-file.ts";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  it.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    [Buffer.from("123456789"), 0xe3069283],
  ])("of %j", (bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

describe("an event file", () => {
  const events = [
    { wallTime: 1.5, fileVersion: "brain.Event:2" },
    { wallTime: 2.5, step: 7, summary: { value: [{ tag: "reward/mean", simpleValue: 0.25 }] } },
    { wallTime: 3.5, step: 4, sessionLog: { status: "START" as const } },
  ];

  it("is what TensorFlow writes, byte for byte", () => {
    // tf.io.TFRecordWriter with Event(wall_time=1.5, file_version="brain.Event:2").SerializeToString().
    const data = Buffer.from("09000000000000f83f1a0d627261696e2e4576656e743a32", "hex");
    const record = Buffer.from(encodeEvent(events[0]!));
    expect(record.readBigUInt64LE(0)).toBe(BigInt(data.length));
    expect(record.subarray(12, 12 + data.length).toString("hex")).toBe(data.toString("hex"));
  });

  it("reads back with its checksums", () => {
    const file = Buffer.concat(events.map(encodeEvent));
    expect(decodeEvents(file)).toEqual(events);
    file[20]! ^= 1;
    expect(() => decodeEvents(file)).toThrow(/checksum of the event at byte 0/);
  });
});
