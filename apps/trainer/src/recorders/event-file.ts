import protobuf from "protobufjs";
import { maskedCrc32c } from "./crc32c.ts";

/** The part of TensorFlow's event.proto and summary.proto that scalars need, with the published field numbers. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what {
      string file_version = 3;
      Summary summary = 5;
      SessionLog session_log = 7;
    }
  }
  message Summary {
    message Value {
      string tag = 1;
      float simple_value = 2;
    }
    repeated Value value = 1;
  }
  message SessionLog {
    enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; STOP = 2; CHECKPOINT = 3; }
    SessionStatus status = 1;
  }
`);

const Event = root.lookupType("Event");

/** One event: the file's version, a set of scalars, or the notice that steps from `step` on are written anew. */
export interface TensorboardEvent {
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly { readonly tag: string; readonly simpleValue: number }[] };
  readonly sessionLog?: { readonly status: "START" };
}

/** A TFRecord: length (uint64), its checksum, the event, its checksum; all little-endian. */
export function encodeEvent(event: TensorboardEvent): Uint8Array {
  const data = Event.encode(Event.fromObject(event)).finish();
  const record = Buffer.alloc(12 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}

/** The events of a file. @throws Error if a checksum is wrong. */
export function decodeEvents(file: Uint8Array): readonly TensorboardEvent[] {
  const bytes = Buffer.from(file);
  const events: TensorboardEvent[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(offset));
    if (bytes.readUInt32LE(offset + 8) !== maskedCrc32c(bytes.subarray(offset, offset + 8))) {
      throw new Error(`the checksum of the length at byte ${offset} is wrong`);
    }
    const data = bytes.subarray(offset + 12, offset + 12 + length);
    if (bytes.readUInt32LE(offset + 12 + length) !== maskedCrc32c(data)) {
      throw new Error(`the checksum of the event at byte ${offset} is wrong`);
    }
    events.push(Event.toObject(Event.decode(data), { longs: Number, enums: String }) as TensorboardEvent);
    offset += 16 + length;
  }
  return events;
}
