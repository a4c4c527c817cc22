import type { Series } from "./interleave.ts";
import { median } from "./median.ts";

/** Time that `own` takes above `base`, as a share: per sampled token where tokens are counted, else per update. The median over rounds. */
export function extraCost(own: Series, base: Series): number {
  const time = ({ seconds, tokensPerSecond }: Series, round: number): number =>
    tokensPerSecond === undefined ? seconds[round]! : 1 / tokensPerSecond[round]!;
  return median(own.seconds.map((_, round) => time(own, round) / time(base, round) - 1));
}
