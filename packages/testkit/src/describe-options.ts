import type { PluginDefinition } from "@fovea-rl/core";
import { expect, it } from "vitest";
import { validatedOptions } from "./validated-options.ts";

/** What the option schema of every plug-in must hold to, as tests of the suite around it. */
export function describeOptions({ optionsSchema }: Pick<PluginDefinition, "optionsSchema">, given: unknown): void {
  it("reads its own options back unchanged, also from JSON", async () => {
    const options = await validatedOptions(optionsSchema, given);
    expect(await validatedOptions(optionsSchema, options)).toEqual(options);
    expect(await validatedOptions(optionsSchema, JSON.parse(JSON.stringify(options)))).toEqual(options);
  });

  it("refuses an option that it does not have", async () => {
    const wrong = { ...(given as object), "no-such-option": 1 };
    await expect(validatedOptions(optionsSchema, wrong)).rejects.toThrow("no-such-option");
  });
}
