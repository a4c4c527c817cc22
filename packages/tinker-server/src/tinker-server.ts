import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { TfjsPolicy } from "@fovea-rl/policy-tfjs";
import { AcceptedOperations } from "./accepted-operations.ts";
import { EngineQueue } from "./engine-queue.ts";
import { FutureStore } from "./future-store.ts";
import { ModelStore } from "./model-store.ts";
import { decodeForwardBackward, PROTOBUF_TYPE } from "./protobuf-codec.ts";
import { protocolRoutes } from "./protocol-routes.ts";
import { ModelInputReader } from "./read-model-input.ts";
import { RequestError } from "./request-error.ts";
import { type Routes, SpecialAnswer } from "./route.ts";
import { servedPolicyOptions, type TinkerServerOptions } from "./server-options.ts";

const PREFIX = "/api/v1";
const LARGEST_BODY_BYTES = 512 * 1024 * 1024;
/** Sessions send a sign of life every 10 s. */
const SESSION_SILENCE_MILLISECONDS = 300_000;

/** A server that is listening. */
export interface RunningServer {
  /** Where clients find it, without /api/v1. */
  readonly url: string;
  readonly modelName: string;
  /** Optimiser steps applied to each model since the start, unloaded ones included, by its id. */
  optimiserSteps(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function sameKey(given: string, key: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(key));
}

function givenKey({ headers }: IncomingMessage): string {
  const header = headers["x-api-key"];
  if (typeof header === "string") return header;
  return /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY_BYTES) throw new RequestError(413, `the body exceeds ${LARGEST_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new RequestError(400, "the body is not JSON");
  }
}

function answer(response: ServerResponse, status: number, body: unknown, protobuf?: Uint8Array): void {
  const bytes = protobuf ?? Buffer.from(JSON.stringify(body));
  const type = protobuf === undefined ? "application/json" : PROTOBUF_TYPE;
  response.writeHead(status, { "content-type": type, "content-length": bytes.byteLength });
  response.end(bytes);
}

async function handle(
  routes: Routes,
  apiKey: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://server").pathname;
  try {
    if (apiKey !== undefined && path !== `${PREFIX}/healthz` && !sameKey(givenKey(request), apiKey)) {
      throw new RequestError(401, "the API key is missing or wrong (header X-API-Key)");
    }
    const name = `${request.method} ${path.slice(PREFIX.length)}`;
    const raw = await readBody(request);
    const isProtobuf = (request.headers["content-type"] ?? "").includes(PROTOBUF_TYPE);
    const asked =
      isProtobuf && name === "POST /forward_backward"
        ? decodeForwardBackward(raw)
        : { route: name, body: parseJson(raw) };
    const route = path.startsWith(`${PREFIX}/`) ? routes[asked.route] : undefined;
    if (route === undefined) throw new RequestError(404, `there is no ${request.method} ${path}`);
    const result = await route(asked.body, (request.headers.accept ?? "").includes(PROTOBUF_TYPE));
    if (result instanceof SpecialAnswer) answer(response, result.status, result.body, result.protobuf);
    else answer(response, 200, result);
  } catch (error) {
    if (response.destroyed || response.headersSent) return;
    const status = error instanceof RequestError ? error.status : (error as Error).name === "FoveaError" ? 400 : 500;
    answer(response, status, { detail: (error as Error).message });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolveListening, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new FoveaError(`cannot listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, resolveListening);
  });
}

/**
 * Serves an embedded policy over the Tinker protocol.
 *
 * @throws FoveaError if it should listen beyond this machine without a key, or the checkpoint or port cannot be used.
 */
export async function startTinkerServer(options: TinkerServerOptions): Promise<RunningServer> {
  const { host, port, apiKey, trainingTemperature } = options;
  if (!isLoopback(host) && apiKey === undefined) {
    throw new FoveaError(
      `the server would be open to anyone who reaches ${host}: give it an API key, or keep the host 127.0.0.1`,
    );
  }
  const { baseDirectory = process.cwd(), packageDirectories = [baseDirectory] } = options;
  const context = { seed: 0, trainingTemperature, baseDirectory, packageDirectories };
  const policyOptions = servedPolicyOptions(options.policy);
  const base = await TfjsPolicy.create(policyOptions, context);
  const modelName = options.modelName ?? policyOptions.model;
  const { imageTokens, imageTokenId } = base.modelConfig;
  const store = new ModelStore(base, modelName, resolve(options.directory));
  const queue = new EngineQueue();
  const futures = new FutureStore();
  const routes = protocolRoutes({
    store,
    queue,
    futures,
    operations: new AcceptedOperations(futures),
    reader: new ModelInputReader({ id: imageTokens > 0 ? imageTokenId : undefined, count: imageTokens }),
    trainingTemperature,
    pollMilliseconds: options.pollMilliseconds,
  });
  const server = createServer((request, response) => void handle(routes, apiKey, request, response));
  // Longer than clients pause between requests: a connection that closes as a request arrives costs that request.
  server.keepAliveTimeout = 120_000;
  try {
    await listen(server, host, port);
  } catch (error) {
    await store.dispose();
    throw error;
  }
  const sweep = setInterval(() => {
    void queue.submit(() => store.dropSilentSessions(SESSION_SILENCE_MILLISECONDS));
  }, 30_000);
  sweep.unref();
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actualPort}`,
    modelName,
    optimiserSteps: () => store.optimiserSteps,
    async close() {
      clearInterval(sweep);
      server.closeAllConnections();
      await new Promise((resolveClosed) => server.close(resolveClosed));
      await queue.submit(() => store.dispose());
    },
  };
}
