/** The whole language of the tabular policy. Token 0 ends a response and stands for "nothing yet" before its first token. */
export const tabularVocabulary: readonly string[] = ["<end>", "\\boxed{", "}", "0", "1", "2", "3", "look ", "bright "];

export const END_TOKEN = 0;

/** The text of a response, without the stop token. */
export function tabularText(tokens: Int32Array): string {
  return Array.from(tokens, (token) => (token === END_TOKEN ? "" : (tabularVocabulary[token] ?? ""))).join("");
}
