/**
 * First half of the check against transformers: writes held-out prompts, as plain JSON, for check-with-transformers.py.
 * `node --conditions=@fovea-rl/source scripts/export-golden-prompts.ts > /tmp/prompts.json`
 */
import {
  composeExample,
  demonstration,
  digitsOptionsSchema,
  digitsPrompt,
  readHandwrittenDigits,
} from "@fovea-rl/tasks";

const options = digitsOptionsSchema.parse({});
const { test } = readHandwrittenDigits();
const prompts = [0, 1, 2, 3, 4, 5].map((index) => {
  const example = composeExample(options, test, { seed: 0, purpose: "held-out", index });
  const prompt = digitsPrompt(`digits/pair/held-out/${index}`, example);
  const { data, width, height } = example.image;
  return {
    index,
    question: prompt.messages[0]!.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(""),
    image: { width, height, data: Buffer.from(data).toString("base64") },
    response: demonstration(example.scene, example.question),
  };
});
console.log(JSON.stringify(prompts, null, 1));
