import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { processStart } from "./process-start.ts";
import { lockRun } from "./run-lock.ts";

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "lock-")), "run.lock");
});

/** A process that waits until it is killed. */
async function otherProcess() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    pid: child.pid!,
    end: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

describe("the lock of a run", () => {
  it("is there while it is held", () => {
    const unlock = lockRun(path);
    expect(() => lockRun(path)).toThrow(`in use by process ${process.pid}`);
    unlock();
    expect(existsSync(path)).toBe(false);
    const next = lockRun(path);
    unlock();
    expect(existsSync(path)).toBe(true);
    next();
  });

  it("of a live process is respected, and taken over once that was killed", async () => {
    const other = await otherProcess();
    writeFileSync(
      path,
      JSON.stringify({ pid: other.pid, hostname: hostname(), startedAt: "now", processStart: processStart(other.pid) }),
    );
    expect(() => lockRun(path)).toThrow(`in use by process ${other.pid}`);
    await other.end();
    lockRun(path)();
    expect(existsSync(path)).toBe(false);
  });

  it.skipIf(processStart(process.pid) === undefined)("whose id belongs to a later process is taken over", () => {
    writeFileSync(
      path,
      JSON.stringify({ pid: process.pid, hostname: hostname(), startedAt: "then", processStart: "1" }),
    );
    lockRun(path)();
  });

  it("of another host is respected, saying which file to remove", () => {
    writeFileSync(path, JSON.stringify({ pid: 1, hostname: "elsewhere", startedAt: "then" }));
    expect(() => lockRun(path)).toThrow(`if that process is gone, remove ${path}`);
  });

  it("that is something else is refused", () => {
    writeFileSync(path, "not a lock");
    expect(() => lockRun(path)).toThrow("is no lock of Fovea");
  });
});
