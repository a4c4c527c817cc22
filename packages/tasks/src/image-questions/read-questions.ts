import { readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";
import type { ImageQuestionsOptions } from "./image-questions-options.ts";

/** One line of a file. */
export interface ImageQuestion {
  readonly id: string;
  /** With `<image>` where an image stands. */
  readonly question: string;
  readonly answer: string;
  /** Absolute paths. */
  readonly images: readonly string[];
  /** Bytes of each image's file. */
  readonly imageSizes: readonly number[];
  readonly options?: readonly string[];
  readonly family?: string;
}

/** The place of an image in a question's text. */
export const IMAGE_MARK = "<image>";

const text = z.union([z.string(), z.number()]).transform(String);
const lineSchema = z.object({
  id: text.pipe(z.string().min(1)).optional(),
  question: z.string().min(1),
  answer: text,
  images: z.union([z.string().transform((path) => [path]), z.array(z.string())]).default([]),
  options: z.array(text).min(2).optional(),
  family: z.string().optional(),
});

function fileSize(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}

function readLine(
  line: string,
  where: string,
  id: string,
  imageDirectory: string,
  fields: ImageQuestionsOptions["fields"],
) {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (error) {
    throw new FoveaError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new FoveaError(`${where} must hold a JSON object`);
  }
  const values = content as Record<string, unknown>;
  const named = Object.entries(fields).map(([name, key]) => [name, values[key] ?? undefined] as const);
  const parsed = lineSchema.safeParse(Object.fromEntries(named));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [name, ...rest] = issue!.path as [keyof typeof fields, ...PropertyKey[]];
    throw new FoveaError(`${where}: "${[fields[name], ...rest].join(".")}": ${issue!.message}`);
  }
  const { images, options, family, ...question } = parsed.data;
  const paths = images.map((path) => resolve(imageDirectory, path));
  const imageSizes = paths.map((path) => {
    const size = fileSize(path);
    if (size === undefined) throw new FoveaError(`${where}: there is no image ${path}`);
    return size;
  });
  const marks = question.question.split(IMAGE_MARK).length - 1;
  if (marks > paths.length) {
    throw new FoveaError(
      `${where}: "${fields.question}" has ${marks} places for images, and there are ${paths.length}`,
    );
  }
  return {
    ...question,
    id: question.id ?? id,
    images: paths,
    imageSizes,
    ...(options === undefined ? {} : { options }),
    ...(family === undefined ? {} : { family }),
  };
}

/**
 * The questions of a JSONL file, in its order; empty lines are passed over.
 *
 * @param file absolute
 * @throws FoveaError naming the file, the line and the key.
 */
export function readQuestions(
  file: string,
  { fields, imageDirectory }: Pick<ImageQuestionsOptions, "fields" | "imageDirectory">,
  baseDirectory: string,
): readonly ImageQuestion[] {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch (error) {
    throw new FoveaError(`the questions ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const directory = imageDirectory === undefined ? dirname(file) : resolve(baseDirectory, imageDirectory);
  const questions = content.split("\n").flatMap((line, index): readonly ImageQuestion[] => {
    if (line.trim() === "") return [];
    return [readLine(line, `${file}:${index + 1}`, `${basename(file)}/${index + 1}`, directory, fields)];
  });
  if (questions.length === 0) throw new FoveaError(`the questions ${file} hold none`);
  return questions;
}
