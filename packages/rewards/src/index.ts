export type { BoxedAnswerOptions } from "./boxed-answer.ts";
export { boxedAnswerVerifier } from "./boxed-answer.ts";
export type { FormatOptions } from "./format.ts";
export { formatVerifier } from "./format.ts";
