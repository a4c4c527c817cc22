import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunServer, serveRuns } from "./serve-runs.ts";

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Unlike fetch, sends a path and headers exactly as given. */
function request(address: string, path: string, headers: Readonly<Record<string, string>> = {}, method = "GET") {
  const { port } = new URL(address);
  return new Promise<Answer>((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, headers, method }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode!, body: Buffer.concat(parts), headers: response.headers }),
      );
    }).on("error", reject);
  });
}

describe("the run server", () => {
  let server: RunServer;
  let folder: string;

  beforeAll(async () => {
    const base = await mkdtemp(join(tmpdir(), "fovea-serve-"));
    folder = join(base, "runs");
    const run = join(folder, "run");
    await mkdir(join(run, "rollouts", "images"), { recursive: true });
    await writeFile(join(run, "config.json"), JSON.stringify({ formatVersion: 1, secretNot: true }));
    await writeFile(join(run, "rollouts", "images", "good.png"), PNG);
    await writeFile(join(run, "rollouts", "images", "text.png"), "no picture");
    await writeFile(join(base, "outside.png"), PNG);
    await symlink(join(base, "outside.png"), join(run, "rollouts", "images", "link.png"));
    server = await serveRuns([folder]);
  });
  afterAll(() => server.close());

  const image = (path: string, file = "rollouts/step-1") =>
    request(server.address, `/api/image?${new URLSearchParams({ run: "run", file, path })}`);

  it("listens on the loopback address", () => {
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it("gives the images of a run", async () => {
    const { status, body, headers } = await image("images/good.png");
    expect(status).toBe(200);
    expect(body).toEqual(PNG);
    expect(headers["content-type"]).toBe("image/png");
  });

  it.each([
    ["../../../outside.png"],
    ["images/../../../../outside.png"],
    ["images/link.png"],
    ["images/text.png"],
    ["images/absent.png"],
    ["/etc/passwd"],
    ["..\\..\\outside.png"],
    ["images/good.png\0.png"],
    ["../config.json"],
  ])("finds no image at %j", async (path) => {
    const { status, body } = await image(path);
    expect(status).toBe(404);
    expect(body.includes(PNG)).toBe(false);
  });

  it.each(["..", "../..", "%2e%2e", "/"])("finds no image in the folder %j", async (file) => {
    expect((await image("outside.png", file)).status).toBe(404);
  });

  it.each([
    "/../outside.png",
    "/%2e%2e/outside.png",
    "/..%2f..%2foutside.png",
    "/runs/run/config.json",
    "/api",
    "/api/toString",
  ])("has no page at %s", async (path) => {
    expect((await request(server.address, path)).status).toBe(404);
  });

  it("knows no run but those that it found", async () => {
    const { status, body } = await request(server.address, "/api/names?run=../../etc");
    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toEqual({ error: 'there is no run "../../etc"' });
  });

  it.each([
    ["a name that was pointed here", { Host: "evil.example" }],
    ["another port", { Host: "127.0.0.1:1" }],
    ["another origin", { Origin: "http://evil.example" }],
    ["a sandboxed page", { Origin: "null" }],
    ["another site's request", { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }],
    [
      "another site's frame",
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe" },
    ],
  ])("refuses %s", async (_, headers) => {
    const { host } = new URL(server.address);
    for (const path of ["/", "/api/overview", "/api/events"]) {
      expect((await request(server.address, path, { Host: host, ...headers })).status, path).toBe(403);
    }
  });

  it("lets a link on another page open it", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
    expect((await request(server.address, "/", headers)).status).toBe(200);
  });

  it("only reads", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await request(server.address, "/api/overview", {}, method)).status).toBe(405);
    }
  });

  it("lets its page load nothing but its own, and nobody embed it", async () => {
    const { headers } = await request(server.address, "/");
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it.each([
    ["/api/series?run=run&points=many", 'the parameter "points" must be a number'],
    ["/api/rollouts?run=run&order=size", 'the parameter "order" must be one of recorded, dependency, reward, length'],
    ["/api/names", 'the parameter "run" is missing'],
  ])("says what is wrong with %s", async (path, message) => {
    const { status, body } = await request(server.address, path);
    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toEqual({ error: message });
  });

  it("is refused a folder that is not there, and a port that is taken", async () => {
    await expect(serveRuns([join(folder, "absent")])).rejects.toThrow(/there is no folder .*absent/);
    const port = Number(new URL(server.address).port);
    await expect(serveRuns([folder], { port })).rejects.toThrow(`port ${port} is taken: choose another with --port`);
  });
});
