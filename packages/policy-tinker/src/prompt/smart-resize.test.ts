import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { smartResize } from "./smart-resize.ts";

interface Case {
  readonly factor: number;
  readonly minimumPixels: number;
  readonly maximumPixels: number;
  readonly width: number;
  readonly height: number;
  readonly expectedWidth: number;
  readonly expectedHeight: number;
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/smart-resize.json"), "utf8")) as {
  readonly cases: readonly Case[];
};

it.each(cases)("$width x $height by $factor within $minimumPixels to $maximumPixels pixels", (one) => {
  const options = { patchSize: one.factor / 2, mergeSize: 2, ...one };
  const { width, height } = smartResize(one.width, one.height, options);
  expect([width, height]).toEqual([one.expectedWidth, one.expectedHeight]);
});

it("counts a token for each square of merged patches", () => {
  const bounds = { minimumPixels: 3136, maximumPixels: 12_845_056 };
  const { width, height, tokens, patchColumns, patchRows } = smartResize(640, 480, {
    patchSize: 14,
    mergeSize: 2,
    ...bounds,
  });
  expect({ width, height, tokens, patchColumns, patchRows }).toEqual({
    width: 644,
    height: 476,
    tokens: 391,
    patchColumns: 46,
    patchRows: 34,
  });
});

it("leaves alone what it has sized itself, so that a server has nothing left to resize", () => {
  const side = fc.integer({ min: 30, max: 4000 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      const options = { patchSize: 16, mergeSize: 2, minimumPixels: 65_536, maximumPixels: 1_310_720 };
      const sized = smartResize(width, height, options);
      fc.pre(sized.width / sized.height < 20 && sized.height / sized.width < 20);
      const again = smartResize(sized.width, sized.height, options);
      expect([again.width, again.height]).toEqual([sized.width, sized.height]);
    }),
  );
});

it("refuses an image that is nearly a line", () => {
  const options = { patchSize: 14, mergeSize: 2, minimumPixels: 3136, maximumPixels: 12_845_056 };
  expect(() => smartResize(10, 3000, options)).toThrow("an image of 10x3000 pixels is 300 times as long as wide");
});
