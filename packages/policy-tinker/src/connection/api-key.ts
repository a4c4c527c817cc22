import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FoveaError } from "@fovea-rl/core";
import { z } from "zod";

/** Where a key is to be found; never the key itself, so that configs and manifests cannot hold one. */
export const apiKeySourceSchema = z.union([
  z.strictObject({ environment: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type ApiKeySource = z.output<typeof apiKeySourceSchema>;

/** The variable that the protocol's own client reads. */
const DEFAULT_VARIABLE = "TINKER_API_KEY";

/**
 * @returns the key; `undefined` if no source is named and the default variable is not set.
 * @throws FoveaError if the named source holds none.
 */
export async function readApiKey(source: ApiKeySource | undefined, baseDirectory: string): Promise<string | undefined> {
  if (source === undefined) return process.env[DEFAULT_VARIABLE] || undefined;
  if ("environment" in source) {
    const key = process.env[source.environment];
    if (!key) throw new FoveaError(`server.apiKey: the environment variable ${source.environment} is not set`);
    return key;
  }
  const path = resolve(baseDirectory, source.file);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new FoveaError(`server.apiKey: cannot read ${path}: ${error.message}`);
  });
  const key = text.trim();
  if (key === "" || /\s/.test(key)) throw new FoveaError(`server.apiKey: ${path} must hold the key and nothing else`);
  return key;
}

/** @throws FoveaError if a key would travel unencrypted, or the address is none. */
export function checkServerUrl(url: string, hasKey: boolean, allowPlainHttp: boolean): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new FoveaError(`server.url: "${url}" is not an address like https://host:8000`);
  }
  if (!/^https?:$/.test(parsed.protocol))
    throw new FoveaError(`server.url: ${parsed.protocol} must be https: or http:`);
  if (parsed.username !== "" || parsed.password !== "") {
    throw new FoveaError("server.url must not hold credentials; name their source in server.apiKey");
  }
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parsed.hostname);
  if (parsed.protocol === "http:" && hasKey && !isLoopback && !allowPlainHttp) {
    throw new FoveaError(
      `server.url: ${parsed.origin} would send the API key unencrypted; use https, or set server.allowPlainHttp inside a private network`,
    );
  }
  return parsed;
}
