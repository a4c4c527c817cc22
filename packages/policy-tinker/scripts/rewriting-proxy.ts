import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer in place of the server's. */
export interface ProxyAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the proxy does to traffic; whatever is left out passes as it is. */
export interface ProxyRules {
  /** @returns the body to send on in its place; an answer, to leave the server out; "break", to end the connection. */
  onRequest?(
    path: string,
    body: unknown,
  ): { readonly body: unknown } | { readonly answer: ProxyAnswer } | "break" | undefined | Promise<never>;
  /** @returns what to answer in place of the server's answer. */
  onAnswer?(path: string, body: unknown): unknown;
}

export interface RewritingProxy {
  readonly url: string;
  /** Paths of the requests seen, in order. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

const PREFIX = "/api/v1";

async function readAll(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A proxy on loopback that turns a well-behaved server into one that lacks, forgets or holds something. */
export async function startRewritingProxy(target: string, rules: ProxyRules): Promise<RewritingProxy> {
  const seen: string[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").slice(PREFIX.length);
    seen.push(path);
    const text = await readAll(request);
    const send = ({ status, body, headers = {} }: ProxyAnswer) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    };
    const ruled = await rules.onRequest?.(path, text === "" ? undefined : JSON.parse(text));
    if (ruled === "break") {
      response.destroy();
      return;
    }
    if (ruled !== undefined && "answer" in ruled) {
      send(ruled.answer);
      return;
    }
    const body = ruled === undefined ? text : JSON.stringify(ruled.body);
    const answer = await fetch(target + (request.url ?? "/"), {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      ...(body === "" ? {} : { body }),
    });
    const told: unknown = await answer.json();
    send({ status: answer.status, body: rules.onAnswer?.(path, told) ?? told });
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
