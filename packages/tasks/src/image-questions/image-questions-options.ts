import { z } from "zod";

/** The keys of a line that hold what a question is made of, for files that call them otherwise. */
const fields = z.strictObject({
  /** Unique; the file's name and line where it is missing. */
  id: z.string().default("id"),
  /** Text in which each `<image>` is the place of the next image; images without a place stand before it. */
  question: z.string().default("question"),
  /** The reference answer: text or a number. */
  answer: z.string().default("answer"),
  /** A path, or a list of them. May be missing. */
  images: z.string().default("images"),
  /** The options of a multiple-choice question, in order. May be missing. */
  options: z.string().default("options"),
  /** Question family, for reports. May be missing. */
  family: z.string().default("family"),
});

export const imageQuestionsOptionsSchema = z.strictObject({
  /** A JSONL file of questions to train on. */
  train: z.string().min(1),
  /** One of questions that are held out. */
  heldOut: z.string().min(1),
  /** Where image paths start. Default: each file's own directory. */
  imageDirectory: z.string().min(1).optional(),
  fields: fields.prefault({}),
  /** A message before every question. */
  system: z.string().min(1).optional(),
  /** Text behind every question, e.g. how to answer. */
  instruction: z.string().min(1).optional(),
});

export type ImageQuestionsOptions = z.output<typeof imageQuestionsOptionsSchema>;
