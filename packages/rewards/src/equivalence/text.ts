/** Phrases that answer alike. The first of each row is what the others become. */
const synonyms: readonly (readonly string[])[] = [
  ["yes", "true", "correct", "y e s"],
  ["no", "false", "incorrect"],
  [
    "emptyset",
    "varnothing",
    "no solution",
    "no solutions",
    "no real solution",
    "no real solutions",
    "none",
    "empty set",
    "{set }set",
    "∅",
  ],
  ["undefined", "does not exist", "dne", "not defined", "d n e"],
  ["infty", "infinity", "+ infty", "inf"],
  [
    "r",
    "all real numbers",
    "mathbb { R }",
    "all reals",
    "real numbers",
    "( - infty , infty )",
    "( - infty , + infty )",
  ],
];

const canonical = new Map(synonyms.flatMap(([first = "", ...rest]) => rest.map((phrase) => [phrase, first] as const)));

/** Whether two canonical texts say the same, word by word. */
export function sameText(reference: string, response: string): boolean {
  const simple = (text: string): string => {
    const bare = text.replace(/ ?\. ?$/, "").trim();
    return canonical.get(bare) ?? bare;
  };
  const [expected, given] = [simple(reference), simple(response)];
  if (expected === "" || given === "") return false;
  return expected === given || phrase(expected) === phrase(given);
}

/** Words without marks and spaces, where there is nothing but words: "north-west" and "northwest". */
function phrase(text: string): string {
  return /^\p{L}[\p{L}\s\-']+$/u.test(text) && text.length > 3 ? text.replace(/[\s\-']/g, "").toLowerCase() : text;
}
