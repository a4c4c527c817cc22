import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type RandomGenerator, randomGenerator } from "@fovea-rl/core";

/** What the proxy can do to a request. */
export const FAULTS = [
  /** Both ways later than asked. */
  "delay",
  /** The connection ends before the server hears of it. */
  "lose-request",
  /** The server acts, and its answer is lost. */
  "lose-answer",
  /** The server hears it twice, side by side. */
  "duplicate",
  /** Half of the answer arrives. */
  "truncate",
  /** An error status in place of the server. */
  "status-before",
  /** The server acts, and an error status takes the place of its answer. */
  "status-after",
] as const;
export type Fault = (typeof FAULTS)[number];

const STATUSES = [429, 500, 503, 408, 410] as const;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface FaultProxy {
  readonly url: string;
  /** Requests seen, and faults done to them by kind. */
  readonly counts: { requests: number; faults: Record<Fault, number> };
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly target: string;
  readonly seed: number;
  /** Share of requests that something is done to. */
  readonly rate: number;
  readonly longestDelayMilliseconds?: number;
}

function readAll(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => resolve(Buffer.concat(chunks)));
    message.on("error", reject);
  });
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, ...headers } = incoming.headers;
    const outgoing = httpRequest(
      new URL(incoming.url ?? "/", target),
      { method: incoming.method!, headers },
      (reply) => {
        readAll(reply).then((text) => resolve({ status: reply.statusCode ?? 502, body: text }), reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

/** A proxy on loopback that loses, repeats, delays and garbles a share of the requests, by a seed. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, seed, rate, longestDelayMilliseconds = 30 } = options;
  const random: RandomGenerator = randomGenerator({ seed, purpose: "faults" });
  const faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  const counts = { requests: 0, faults };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    counts.requests++;
    // Drawn before anything is awaited, so that a request's fate does not depend on its neighbours' speed.
    const fault = random.uniform() < rate ? FAULTS[random.integer(FAULTS.length)] : undefined;
    const delay = random.integer(longestDelayMilliseconds);
    const status = STATUSES[random.integer(STATUSES.length)]!;
    const error: Answer = { status, body: Buffer.from(JSON.stringify({ detail: "made up by the proxy" })) };
    if (fault !== undefined) faults[fault]++;
    const body = await readAll(incoming);
    const pass = () => forward(target, incoming, body);
    switch (fault) {
      case "lose-request":
        response.destroy();
        return;
      case "status-before":
        send(response, error);
        return;
      case "lose-answer":
        await pass();
        response.destroy();
        return;
      case "status-after":
        await pass();
        send(response, error);
        return;
      case "duplicate": {
        const [first] = await Promise.all([pass(), pass()]);
        send(response, first);
        return;
      }
      case "truncate": {
        const answer = await pass();
        response.writeHead(answer.status, { "content-type": "application/json", "content-length": answer.body.length });
        response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => response.destroy());
        return;
      }
      case "delay":
        await new Promise((resolve) => setTimeout(resolve, delay));
        send(response, await pass());
        return;
      case undefined:
        send(response, await pass());
    }
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
