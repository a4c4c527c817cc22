/**
 * The part of a response that is its answer: what follows the thinking. A model may weigh many answers while it thinks;
 * none of them counts. Without a thinking part it is the whole text; `undefined` when the thinking never ended.
 */
export function finalPart(text: string): string | undefined {
  const end = text.lastIndexOf("</think>");
  const rest = end === -1 ? text : text.slice(end + "</think>".length);
  return rest.includes("<think>") ? undefined : rest;
}
