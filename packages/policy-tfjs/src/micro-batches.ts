/** Sizes of one group that a pass is to take: its prompt's and its responses' numbers of tokens. */
export interface GroupSize {
  readonly promptLength: number;
  readonly responseLengths: readonly number[];
}

/** A part of one group: which group, and which of its responses. */
export interface GroupPart {
  readonly group: number;
  readonly responses: readonly number[];
}

/** Padded tokens of a pass over these parts: B * P for the prompts, G * B * T for the responses. */
function paddedTokens(parts: readonly GroupPart[], groups: readonly GroupSize[]): number {
  const prompt = Math.max(...parts.map((part) => groups[part.group]!.promptLength));
  const samples = Math.max(...parts.map((part) => part.responses.length));
  const response = Math.max(
    ...parts.flatMap((part) => part.responses.map((index) => groups[part.group]!.responseLengths[index]!)),
  );
  return parts.length * (prompt + samples * response);
}

/**
 * Splits groups into micro-batches of at most `maximumTokens` padded tokens, in order. A group stays whole, so that its prefix is
 * computed once, unless it alone exceeds the limit; then it is split by responses. A single response may exceed the limit by
 * itself: it cannot be split. Batches are about as large as each other.
 */
export function planMicroBatches(groups: readonly GroupSize[], maximumTokens: number): GroupPart[][] {
  let plan = fillMicroBatches(groups, maximumTokens);
  // The smallest limit that needs no more batches evens them out, which workers that share them finish soonest.
  let [low, high] = [0, maximumTokens];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const tighter = fillMicroBatches(groups, middle);
    if (tighter.length === plan.length) [plan, high] = [tighter, middle];
    else low = middle;
  }
  return plan;
}

/** Fills one batch after the other up to the limit. */
function fillMicroBatches(groups: readonly GroupSize[], maximumTokens: number): GroupPart[][] {
  const batches: GroupPart[][] = [];
  let current: GroupPart[] = [];
  const add = (part: GroupPart): void => {
    if (current.length > 0 && paddedTokens([...current, part], groups) > maximumTokens) {
      batches.push(current);
      current = [];
    }
    current.push(part);
  };
  groups.forEach((group, index) => {
    let part: number[] = [];
    for (const response of group.responseLengths.keys()) {
      const grown = { group: index, responses: [...part, response] };
      if (part.length > 0 && paddedTokens([grown], groups) > maximumTokens) {
        add({ group: index, responses: part });
        part = [];
      }
      part.push(response);
    }
    if (part.length > 0) add({ group: index, responses: part });
  });
  if (current.length > 0) batches.push(current);
  return batches;
}
