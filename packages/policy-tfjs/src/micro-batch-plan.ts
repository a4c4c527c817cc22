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

/** The longest prompt, the most responses and the longest response among the parts of a pass. */
interface Extent {
  readonly parts: number;
  readonly prompt: number;
  readonly samples: number;
  readonly response: number;
}

const NOTHING: Extent = { parts: 0, prompt: 0, samples: 0, response: 0 };

/** Padded tokens: B * P for the prompts, G * B * T for the responses. */
function paddedTokens({ parts, prompt, samples, response }: Extent): number {
  return parts * (prompt + samples * response);
}

function join(left: Extent, right: Extent): Extent {
  return {
    parts: left.parts + right.parts,
    prompt: Math.max(left.prompt, right.prompt),
    samples: Math.max(left.samples, right.samples),
    response: Math.max(left.response, right.response),
  };
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
  let extent = NOTHING;
  const add = (part: GroupPart, partExtent: Extent): void => {
    if (current.length > 0 && paddedTokens(join(extent, partExtent)) > maximumTokens) {
      batches.push(current);
      current = [];
      extent = NOTHING;
    }
    current.push(part);
    extent = join(extent, partExtent);
  };
  groups.forEach(({ promptLength, responseLengths }, group) => {
    let responses: number[] = [];
    let partExtent = NOTHING;
    for (const [index, length] of responseLengths.entries()) {
      const grown = {
        parts: 1,
        prompt: promptLength,
        samples: responses.length + 1,
        response: Math.max(partExtent.response, length),
      };
      if (responses.length > 0 && paddedTokens(grown) > maximumTokens) {
        add({ group, responses }, partExtent);
        responses = [index];
        partExtent = { parts: 1, prompt: promptLength, samples: 1, response: length };
      } else {
        responses.push(index);
        partExtent = grown;
      }
    }
    if (responses.length > 0) add({ group, responses }, partExtent);
  });
  if (current.length > 0) batches.push(current);
  return batches;
}
