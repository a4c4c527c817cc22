import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { defineRecorder } from "@fovea-rl/core";
import { z } from "zod";
import { writeError } from "../run-directory/write-error.ts";
import { encodeEvent, type TensorboardEvent } from "./event-file.ts";

const options = z.strictObject({
  /** Folder inside the run directory. */
  directory: z.string().min(1).default("tensorboard"),
});

/** TensorBoard event files. A resumed run opens another file, which tells TensorBoard to forget the steps that are done again. */
export default defineRecorder({
  name: "tensorboard",
  optionsSchema: options,
  create({ directory }: z.output<typeof options>, { runDirectory }) {
    const folder = join(runDirectory, directory);
    mkdirSync(folder, { recursive: true });
    const earlier = readdirSync(folder).filter((name) => name.includes("tfevents")).length;
    const seconds = Math.floor(Date.now() / 1000);
    // TensorBoard reads files in the order of their names.
    const name = `events.out.tfevents.${seconds}.${hostname()}.${String(earlier).padStart(4, "0")}`;
    const path = join(folder, name);
    const descriptor = openSync(path, "a");
    const write = (event: Omit<TensorboardEvent, "wallTime">) => {
      const bytes = encodeEvent({ wallTime: Date.now() / 1000, ...event });
      try {
        let written = 0;
        while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      } catch (error) {
        throw writeError(error, path);
      }
    };
    write({ fileVersion: "brain.Event:2" });
    let isFirst = true;
    const record = (step: number, scalars: Readonly<Record<string, number>>) => {
      if (isFirst && earlier > 0) write({ step, sessionLog: { status: "START" } });
      isFirst = false;
      const value = Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue }));
      write({ step, summary: { value } });
    };
    return {
      name: "tensorboard",
      recordStep: ({ step, metrics, timings }) => record(step, { ...metrics, ...timings }),
      recordEvaluation: ({ step, metrics, timings }) => record(step, { ...metrics, ...timings }),
      flush: () => fsyncSync(descriptor),
      close: () => closeSync(descriptor),
    };
  },
});
