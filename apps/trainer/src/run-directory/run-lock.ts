import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { FoveaError } from "@fovea-rl/core";
import { processStart } from "./process-start.ts";
import { writeError } from "./write-error.ts";

interface LockOwner {
  readonly pid: number;
  readonly hostname: string;
  readonly startedAt: string;
  readonly processStart?: string;
}

function readOwner(path: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockOwner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FoveaError(`${path} is no lock of Fovea; remove it if no process works on this run`, { cause: error });
  }
}

function isAlive(owner: LockOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const start = processStart(owner.pid);
  return start === undefined || owner.processStart === undefined || start === owner.processStart;
}

/** Whether a live process of this host, or any of another host, works on the run. */
export function lockHolder(path: string): LockOwner | undefined {
  const owner = readOwner(path);
  return owner && (owner.hostname !== hostname() || isAlive(owner)) ? owner : undefined;
}

/**
 * Takes the run for this process; the returned function gives it back. A lock that a killed process left is taken over.
 *
 * @throws FoveaError naming the process that has it.
 */
export function lockRun(path: string): () => void {
  const start = processStart(process.pid);
  const owner: LockOwner = {
    pid: process.pid,
    hostname: hostname(),
    startedAt: new Date().toISOString(),
    ...(start === undefined ? {} : { processStart: start }),
  };
  const candidate = `${path}.${process.pid}`;
  try {
    writeFileSync(candidate, JSON.stringify(owner));
  } catch (error) {
    rmSync(candidate, { force: true });
    throw writeError(error, path);
  }
  try {
    // A link appears with its whole content or fails: no one ever reads half a lock.
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(candidate, path);
        let isHeld = true;
        return () => {
          // Once only: the next holder's lock lies at the same path.
          if (isHeld) rmSync(path, { force: true });
          isHeld = false;
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeError(error, path);
      }
      const holder = lockHolder(path);
      if (holder || attempt === 10) {
        const who = holder
          ? `process ${holder.pid} on ${holder.hostname} since ${holder.startedAt}`
          : "another process";
        const remote = holder && holder.hostname !== hostname() ? `; if that process is gone, remove ${path}` : "";
        throw new FoveaError(`the run directory is in use by ${who}: wait for it or stop it${remote}`);
      }
      const stale = `${path}.stale-${process.pid}`;
      try {
        renameSync(path, stale);
        // Between looking and renaming, another process may have put its own lock there: that one goes back.
        if (lockHolder(stale)) linkSync(stale, path);
        rmSync(stale);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  } finally {
    rmSync(candidate, { force: true });
  }
}
