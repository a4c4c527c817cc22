import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Debian's package, what others call it, or what the environment names. */
const CANDIDATES = [
  process.env["FOVEA_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Path of a browser on this machine. */
export const browserPath: string | undefined = CANDIDATES.find((path) => path !== undefined && existsSync(path));

if (browserPath === undefined) {
  process.stdout.write(
    "SKIPPED: the browser tests, since there is no Chromium (apt-get install chromium, or name one in FOVEA_CHROMIUM)\n",
  );
}

export function launchBrowser(): Promise<Browser> {
  // Containers give root no sandbox of its own; the pages are ours.
  return chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
