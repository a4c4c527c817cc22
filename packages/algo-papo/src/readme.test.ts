import { readFileSync } from "node:fs";
import { describeExample } from "@fovea-rl/testkit";
import { describe, expect, it } from "vitest";
import { papoOptionsSchema } from "./index.ts";

describeExample(new URL("..", import.meta.url), "examples/plain-arrays.ts");

describe("the README", () => {
  it.each(Object.keys(papoOptionsSchema.shape))("lists the option %s", (option) => {
    expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain(`\n| \`${option}\` `);
  });
});
