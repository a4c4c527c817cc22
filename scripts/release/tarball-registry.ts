import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PackedPackage } from "./packed-packages.ts";

export interface TarballRegistry {
  /** What npm's `@fovea-rl:registry` is to be set to. */
  readonly url: string;
  close(): void;
}

/**
 * A registry on this machine that knows the packed packages and nothing else: npm finds those of our scope here, and everybody
 * else's where it always does. So an install needs no registry of ours, and no list of tarballs that a user would not write.
 */
export async function startTarballRegistry(packages: readonly PackedPackage[]): Promise<TarballRegistry> {
  const byName = new Map(packages.map((one) => [one.published.name, { ...one, bytes: readFileSync(one.tarball) }]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname).slice(1);
    const one = byName.get(path.replace(/\.tgz$/, ""));
    if (!one) {
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
      return;
    }
    if (path.endsWith(".tgz")) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(one.bytes);
      return;
    }
    const { name, version } = one.published;
    const integrity = `sha512-${createHash("sha512").update(one.bytes).digest("base64")}`;
    const dist = { tarball: `${origin()}/${name}.tgz`, integrity };
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(
      JSON.stringify({
        name,
        "dist-tags": { latest: version },
        versions: { [version]: { ...one.published, dist } },
      }),
    );
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: origin(), close: () => server.close() };
}
