const small =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split(
    " ",
  );

/** The value of a number written as a word, up to twenty. */
export function numberWord(word: string): number | undefined {
  const value = small.indexOf(word);
  return value === -1 ? undefined : value;
}
