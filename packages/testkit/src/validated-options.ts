import type { AlgorithmDefinition } from "@fovea-rl/core";

type Schema<Options> = AlgorithmDefinition<Options>["optionsSchema"];

/** The options as the plug-in's schema reads them; throws an error that lists every problem otherwise. */
export async function validatedOptions<Options>(schema: Schema<Options>, value: unknown): Promise<Options> {
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  const problems = result.issues.map(({ message, path }) => {
    const place = path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return place ? `${place}: ${message}` : message;
  });
  throw new Error(problems.join("; "));
}
