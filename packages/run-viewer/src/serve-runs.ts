import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FoveaError } from "@fovea-rl/core";
import { readPageFiles } from "./page-files.ts";
import {
  BadRequestError,
  pointCount,
  requireText,
  rolloutQuery,
  rolloutReference,
  stepRange,
} from "./query-parameters.ts";
import { refusal, SECURITY_HEADERS } from "./request-guard.ts";
import { RequestPace } from "./request-pace.ts";
import { readRunImage } from "./run-image.ts";
import { NotFoundError, RunLibrary } from "./run-library.ts";
import { RunWatcher } from "./run-watcher.ts";

export interface ServeOptions {
  /** Default 0: any free one. */
  readonly port?: number;
  /** Milliseconds between looks for changes; default 1000. */
  readonly interval?: number;
  /** Whether runs are read while nobody asks for them, so that they open at once; default true. */
  readonly prepare?: boolean;
}

export interface RunServer {
  readonly address: string;
  /** Fulfilled when all runs have been read that are read before anyone asks for them. */
  readonly prepared: Promise<void>;
  close(): Promise<void>;
}

type Answer = (parameters: URLSearchParams) => Promise<unknown>;

function answers(library: RunLibrary): Readonly<Record<string, Answer>> {
  return {
    "/api/overview": async () => {
      await library.discover();
      return library.overview();
    },
    "/api/names": (parameters) => library.metricNames(requireText(parameters, "run")),
    "/api/series": (parameters) =>
      library.series(
        requireText(parameters, "run"),
        parameters.getAll("name"),
        pointCount(parameters),
        stepRange(parameters),
      ),
    "/api/rollouts": (parameters) => library.rollouts(requireText(parameters, "run"), rolloutQuery(parameters)),
    "/api/rollout": (parameters) => library.rollout(requireText(parameters, "run"), rolloutReference(parameters)),
    "/api/perception": (parameters) => library.perception(requireText(parameters, "run"), parameters.getAll("file")),
  };
}

function send(response: ServerResponse, status: number, type: string, content: string | Buffer): void {
  response.writeHead(status, { ...SECURITY_HEADERS, "Content-Type": type });
  response.end(response.req.method === "HEAD" ? undefined : content);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

function sendEvents(response: ServerResponse, watcher: RunWatcher): void {
  response.writeHead(200, { ...SECURITY_HEADERS, "Content-Type": "text/event-stream" });
  response.write("retry: 2000\n\n");
  const stop = watcher.listen((changes) => response.write(`data: ${JSON.stringify(changes)}\n\n`));
  response.on("close", stop);
}

/** The status that tells the page what went wrong. */
function statusOf(error: unknown): number {
  if (error instanceof BadRequestError) return 400;
  return error instanceof NotFoundError ? 404 : 500;
}

/**
 * Serves the viewer's page for the runs in some folders, on the loopback address only and to its own origin only. It reads;
 * nothing in the folders is ever written.
 *
 * @throws FoveaError if a folder is not there or the port is taken.
 */
export async function serveRuns(folders: readonly string[], options: ServeOptions = {}): Promise<RunServer> {
  const library = await RunLibrary.open(folders);
  const files = await readPageFiles();
  const watcher = new RunWatcher(library, options.interval ?? 1000);
  const routes = answers(library);
  const pace = new RequestPace();
  const handle = async (request: IncomingMessage, response: ServerResponse, port: number): Promise<void> => {
    const refused = refusal(request, port);
    if (refused !== undefined) return sendJson(response, 403, { error: refused });
    if (request.method !== "GET" && request.method !== "HEAD")
      return sendJson(response, 405, { error: "runs are only read" });
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://viewer");
    const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
    if (route) {
      pace.begin();
      response.once("close", () => pace.end());
      return sendJson(response, 200, await route(searchParams));
    }
    if (pathname === "/api/events") return sendEvents(response, watcher);
    if (pathname === "/api/image") {
      const directory = library.directory(requireText(searchParams, "run"));
      const image = await readRunImage(directory, requireText(searchParams, "file"), requireText(searchParams, "path"));
      return send(response, 200, "image/png", image);
    }
    const file = files.get(pathname === "/" ? "index.html" : pathname.slice(1));
    if (!file) return sendJson(response, 404, { error: "there is no such page" });
    send(response, 200, file.type, file.content);
  };
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    handle(request, response, port).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendJson(response, statusOf(error), { error: error instanceof Error ? error.message : String(error) });
    });
  });
  const port = await listen(server, options.port ?? 0);
  const preparing = new AbortController();
  // What cannot be read is said when it is asked for.
  const prepared =
    (options.prepare ?? true) ? library.prepare(pace.pause, preparing.signal).catch(() => {}) : Promise.resolve();
  return {
    address: `http://127.0.0.1:${port}/`,
    prepared,
    close: () =>
      new Promise((resolve) => {
        preparing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE" ? "is taken: choose another with --port" : `cannot be used: ${error.message}`;
      reject(new FoveaError(`port ${port} ${reason}`, { cause: error }));
    });
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
