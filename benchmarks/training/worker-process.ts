import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a worker answers. */
export type Answer = { readonly seconds: number } & Readonly<Record<string, unknown>>;

export interface WorkerCommand {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process that does one measurement per request, pinned to the cores that all contenders share. */
export class WorkerProcess {
  readonly label: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #lastWords = "";

  private constructor(label: string, child: ChildProcess) {
    this.label = label;
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stderr!.on("data", (text: Buffer) => {
      this.#lastWords = (this.#lastWords + text.toString()).slice(-4000);
    });
  }

  /** @param cores as `taskset` writes them ("0-1"); where there is no taskset the process runs unpinned. */
  static async start(label: string, command: WorkerCommand, cores: string | undefined): Promise<WorkerProcess> {
    const line = [...(cores === undefined ? [] : ["taskset", "-c", cores]), command.program, ...command.parameters];
    const child = spawn(line[0]!, line.slice(1), {
      cwd: import.meta.dirname,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...command.environment },
    });
    const worker = new WorkerProcess(label, child);
    await worker.#nextAnswer();
    return worker;
  }

  async #nextAnswer(): Promise<Answer> {
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done === true) throw new Error(`${this.label} ended without an answer:\n${this.#lastWords}`);
      if (!value.startsWith("@")) continue;
      const answer = JSON.parse(value.slice(1)) as Answer;
      if (typeof answer["error"] === "string") throw new Error(`${this.label}: ${answer["error"]}`);
      return answer;
    }
  }

  request(operation: string, argument: object = {}): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify({ operation, ...argument })}\n`);
    return this.#nextAnswer();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    // A worker that is busy in native code does not notice.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 3000);
    await ended;
    clearTimeout(timer);
  }
}
