import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { apiKeySourceSchema, checkServerUrl, readApiKey } from "./api-key.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fovea-key-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

describe("a key", () => {
  it("comes from the named variable or file, and from TINKER_API_KEY if none is named", async () => {
    vi.stubEnv("MY_KEY", "from-environment");
    vi.stubEnv("TINKER_API_KEY", "from-default");
    writeFileSync(join(directory, "key.txt"), "from-file\n");
    expect(await readApiKey({ environment: "MY_KEY" }, directory)).toBe("from-environment");
    expect(await readApiKey({ file: "key.txt" }, directory)).toBe("from-file");
    expect(await readApiKey(undefined, directory)).toBe("from-default");
    vi.stubEnv("TINKER_API_KEY", "");
    expect(await readApiKey(undefined, directory)).toBeUndefined();
  });

  it("cannot stand in a configuration itself", () => {
    expect(apiKeySourceSchema.safeParse("tml-secret").success).toBe(false);
    expect(apiKeySourceSchema.safeParse({ key: "tml-secret" }).success).toBe(false);
  });

  it("that is missing is named by its place", async () => {
    await expect(readApiKey({ environment: "NO_SUCH_KEY" }, directory)).rejects.toThrow("NO_SUCH_KEY is not set");
    await expect(readApiKey({ file: "none.txt" }, directory)).rejects.toThrow(join(directory, "none.txt"));
  });

  it("does not travel unencrypted beyond this machine", () => {
    expect(() => checkServerUrl("http://cluster:8000", true, false)).toThrow("would send the API key unencrypted");
    expect(checkServerUrl("http://cluster:8000", true, true).host).toBe("cluster:8000");
    expect(checkServerUrl("http://127.0.0.1:8000", true, false).host).toBe("127.0.0.1:8000");
    expect(checkServerUrl("https://cluster", true, false).host).toBe("cluster");
    expect(() => checkServerUrl("https://me:secret@cluster", false, false)).toThrow("must not hold credentials");
  });
});
