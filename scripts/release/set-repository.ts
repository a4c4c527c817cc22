import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { publishablePackages, repository } from "./publishable-packages.ts";

// npm accepts a provenance statement only if the manifest names the repository that the statement names. The workflow knows it,
// so that a fork publishes under its own name without editing twenty manifests.
const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
if (!server || !name) {
  throw new Error(
    "GITHUB_SERVER_URL and GITHUB_REPOSITORY name the repository: this script runs in the release workflow",
  );
}
for (const { directory } of publishablePackages()) {
  const path = join(directory, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.repository = { type: "git", url: `git+${server}/${name}.git`, directory: relative(repository, directory) };
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
