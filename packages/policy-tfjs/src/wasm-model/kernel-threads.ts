import type { KernelResults, KernelTaskKind, KernelTasks, KernelThread } from "./kernel-task.ts";
import type { LossGradient } from "./passes.ts";

/** This thread, and those that work beside it on the same memory. */
export interface KernelThreads {
  /** How many tasks run at once. */
  readonly width: number;
  /** The thread that asks. */
  readonly own: KernelThread;
  run<Kind extends KernelTaskKind>(kind: Kind, task: KernelTasks[Kind]): Promise<KernelResults[Kind]>;
  /** @param lossGradient dLoss/dlogprobs; called in the thread that asks. */
  gradient(task: KernelTasks["gradient"], lossGradient: LossGradient): Promise<void>;
}

/** The thread that asks does everything itself. */
export function oneThread(own: KernelThread): KernelThreads {
  return {
    width: 1,
    own,
    run: async (kind, task) => own.run(kind, task),
    gradient: async (task, lossGradient) => own.run("gradient", task, lossGradient),
  };
}

/** With fewer floats than this the thread that asks is done before others have been woken. */
const WORTH_SHARING = 1 << 20;

/** Runs tasks on parts of `floats` floats side by side, or one on the whole in this thread. Parts begin at multiples of sixteen. */
export async function share<Kind extends KernelTaskKind>(
  threads: KernelThreads,
  floats: number,
  kind: Kind,
  taskOf: (first: number, count: number) => KernelTasks[Kind],
): Promise<void> {
  if (threads.width === 1 || floats < WORTH_SHARING) {
    threads.own.run(kind, taskOf(0, floats));
    return;
  }
  const part = 16 * Math.ceil(floats / threads.width / 16);
  const firsts = Array.from({ length: Math.ceil(floats / part) }, (_, index) => index * part);
  await Promise.all(firsts.map((first) => threads.run(kind, taskOf(first, Math.min(part, floats - first)))));
}
