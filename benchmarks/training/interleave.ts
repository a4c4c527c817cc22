import { loadavg } from "node:os";
import { median } from "./median.ts";
import type { Answer, WorkerProcess } from "./worker-process.ts";

/** One contender's answers to the same request, in the order of the rounds. */
export interface Series {
  readonly label: string;
  /** `[rounds]` wall-clock seconds. */
  readonly seconds: readonly number[];
  /** `[rounds]` processor seconds of all threads: hardly moved by what else the machine does. */
  readonly processorSeconds: readonly number[];
  /** Numbers of the last answer besides. */
  readonly last: Answer;
  /** `[rounds]` `tokens / seconds`, where the answer counts tokens. */
  readonly tokensPerSecond?: readonly number[];
}

export interface Interleaved {
  readonly series: readonly Series[];
  /** Load of the machine over the last minute, before and after. */
  readonly load: readonly [number, number];
}

export interface Entry {
  readonly label: string;
  readonly worker: WorkerProcess;
  readonly operation: string;
  readonly argument?: object;
}

/**
 * Runs the same measurement on all contenders in turn, round by round, so that whatever else the machine does falls on all of
 * them; the order turns by one each round. Each warms up first.
 */
export async function interleave(entries: readonly Entry[], rounds: number, warmUps = 1): Promise<Interleaved> {
  const before = loadavg()[0]!;
  const answers = entries.map((): Answer[] => []);
  for (let round = -warmUps; round < rounds; round++) {
    for (let place = 0; place < entries.length; place++) {
      const index = (place + Math.max(0, round)) % entries.length;
      const { worker, operation, argument } = entries[index]!;
      const answer = await worker.request(operation, argument);
      if (round >= 0) answers[index]!.push(answer);
    }
  }
  const series = entries.map(({ label }, index): Series => {
    const own = answers[index]!;
    const counted = own.every(({ tokens }) => typeof tokens === "number");
    return {
      label,
      seconds: own.map(({ seconds }) => seconds),
      processorSeconds: own.map((answer) => Number(answer["processorSeconds"] ?? Number.NaN)),
      last: own.at(-1)!,
      ...(counted ? { tokensPerSecond: own.map(({ seconds, tokens }) => Number(tokens) / seconds) } : {}),
    };
  });
  return { series, load: [before, loadavg()[0]!] };
}

/** How many times as fast `series` is as `peer`: the median over rounds of the ratio of neighbours in time. */
export function speedRatio(series: Series, peer: Series): number {
  return median(
    series.seconds.map((seconds, round) => {
      const rate = (series.tokensPerSecond?.[round] ?? 1 / seconds) as number;
      const peerRate = (peer.tokensPerSecond?.[round] ?? 1 / peer.seconds[round]!) as number;
      return series.tokensPerSecond !== undefined && peer.tokensPerSecond !== undefined
        ? rate / peerRate
        : peer.seconds[round]! / seconds;
    }),
  );
}
