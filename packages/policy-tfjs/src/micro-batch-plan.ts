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

/** How much one pass may hold. */
export interface PassLimit {
  readonly maximumTokens: number;
  /** Whether passes pad prompts and responses to the longest of each, so that padding counts too. */
  readonly padded: boolean;
}

/** The longest prompt, the most responses and the longest response among the parts of a pass, and all tokens without padding. */
interface Extent {
  readonly parts: number;
  readonly prompt: number;
  readonly samples: number;
  readonly response: number;
  readonly tokens: number;
}

const NOTHING: Extent = { parts: 0, prompt: 0, samples: 0, response: 0, tokens: 0 };

/** Padded it is B * P for the prompts, G * B * T for the responses. */
function exceeds({ parts, prompt, samples, response, tokens }: Extent, { maximumTokens, padded }: PassLimit): boolean {
  return (padded ? parts * (prompt + samples * response) : tokens) > maximumTokens;
}

function join(left: Extent, right: Extent): Extent {
  return {
    parts: left.parts + right.parts,
    prompt: Math.max(left.prompt, right.prompt),
    samples: Math.max(left.samples, right.samples),
    response: Math.max(left.response, right.response),
    tokens: left.tokens + right.tokens,
  };
}

/** One group's part, with one more response. */
function withResponse(part: Extent, length: number): Extent {
  return {
    ...part,
    samples: part.samples + 1,
    response: Math.max(part.response, length),
    tokens: part.tokens + length,
  };
}

/**
 * Splits groups into micro-batches of at most `maximumTokens` tokens, in order. A group stays whole, so that its prefix is
 * computed once, unless it alone exceeds the limit; then it is split by responses. A single response may exceed the limit by
 * itself: it cannot be split. Batches are about as large as each other.
 */
export function planMicroBatches(groups: readonly GroupSize[], limit: PassLimit): GroupPart[][] {
  let plan = fillMicroBatches(groups, limit);
  // The smallest limit that needs no more batches evens them out, which workers that share them finish soonest.
  let [low, high] = [0, limit.maximumTokens];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const tighter = fillMicroBatches(groups, { ...limit, maximumTokens: middle });
    if (tighter.length === plan.length) [plan, high] = [tighter, middle];
    else low = middle;
  }
  return plan;
}

/** Fills one batch after the other up to the limit. */
function fillMicroBatches(groups: readonly GroupSize[], limit: PassLimit): GroupPart[][] {
  const batches: GroupPart[][] = [];
  let current: GroupPart[] = [];
  let extent = NOTHING;
  const add = (part: GroupPart, partExtent: Extent): void => {
    if (current.length > 0 && exceeds(join(extent, partExtent), limit)) {
      batches.push(current);
      current = [];
      extent = NOTHING;
    }
    current.push(part);
    extent = join(extent, partExtent);
  };
  groups.forEach(({ promptLength, responseLengths }, group) => {
    const alone = { ...NOTHING, parts: 1, prompt: promptLength, tokens: promptLength };
    let responses: number[] = [];
    let partExtent: Extent = alone;
    for (const [index, length] of responseLengths.entries()) {
      let grown = withResponse(partExtent, length);
      if (responses.length > 0 && exceeds(grown, limit)) {
        add({ group, responses }, partExtent);
        responses = [];
        grown = withResponse(alone, length);
      }
      responses.push(index);
      partExtent = grown;
    }
    if (responses.length > 0) add({ group, responses }, partExtent);
  });
  if (current.length > 0) batches.push(current);
  return batches;
}
