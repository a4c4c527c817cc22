/** Where a response starts to be too long, in tokens, and how much that costs. */
export interface OverlongPenaltyOptions {
  /** L_max: the longest response allowed. */
  readonly maximumLength: number;
  /** L_buffer: the penalty grows linearly over this many tokens below `maximumLength`. */
  readonly bufferLength: number;
  /** What a response of `maximumLength` tokens loses. */
  readonly factor?: number;
}

/**
 * DAPO's soft overlong penalty (Yu et al. 2025, eq. 13), to be added to a reward:
 * min(-(length - (L_max - L_buffer)) / L_buffer * factor, 0). Zero up to L_max - L_buffer, then down to -factor at L_max;
 * beyond L_max, which an engine that stops there never reaches, it keeps falling.
 *
 * @param length number of response tokens, the end-of-sequence token included.
 * @throws RangeError unless 0 < bufferLength <= maximumLength.
 */
export function overlongPenalty(
  length: number,
  { maximumLength, bufferLength, factor = 1 }: OverlongPenaltyOptions,
): number {
  if (!(bufferLength > 0 && bufferLength <= maximumLength)) {
    throw new RangeError(
      `bufferLength is ${bufferLength}: it must be above 0 and at most maximumLength ${maximumLength}`,
    );
  }
  const excess = length - (maximumLength - bufferLength);
  return excess <= 0 ? 0 : (-excess / bufferLength) * factor;
}
