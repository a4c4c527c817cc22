import type { ModelConfig } from "../model-config.ts";
import { type ParameterLayout, parameterLayouts } from "../parameter-layout.ts";
import { shapeSize } from "../shape-size.ts";
import { FLOAT } from "./kernel-memory.ts";
import { roundUpToSixteen } from "./model-kernels.ts";

/** A parameter among the values of all. */
export interface ValuesPlace {
  /** Bytes from the values' beginning. */
  readonly offset: number;
  /** Floats. */
  readonly size: number;
}

/** A kernel `[inputs, outputs]` among the packed ones, in bytes from their beginning. */
export interface KernelPlace {
  readonly inputs: number;
  readonly outputs: number;
  /** In panels for x · kernel. */
  readonly panels: number;
  /** In panels for dy · kernelᵀ; `undefined` where nobody asks for dx. */
  readonly transposed: number | undefined;
  /** The parameter that it is made of. */
  readonly source: string;
  /** Whether that is stored `[outputs, inputs]`, as an embedding is that serves as the head. */
  readonly isTransposed: boolean;
}

/** Floats of B `[k, n]` in panels, and enough for A `[k, n]` in tiles. */
export function panelFloats(k: number, n: number): number {
  return k * roundUpToSixteen(n);
}

function kernelShapes(config: ModelConfig, layouts: readonly ParameterLayout[]) {
  const kernels = layouts
    .filter(({ name }) => name.endsWith(".kernel"))
    .map(({ name, shape }) => ({ name, source: name, shape: shape as [number, number], isTransposed: false }));
  const { tieWordEmbeddings, hiddenSize, vocabularySize } = config.text;
  if (!tieWordEmbeddings) return kernels;
  const shape: [number, number] = [hiddenSize, vocabularySize];
  return [...kernels, { name: "head.kernel", source: "text.embedding", shape, isTransposed: true }];
}

/**
 * Where a model's parameters lie in memory: their values, one after the other, and the kernels again as products want them. The same in
 * every thread, so that weights are told of by three addresses.
 */
export class WeightPlaces {
  readonly layouts: readonly ParameterLayout[];
  readonly values: ReadonlyMap<string, ValuesPlace>;
  readonly kernels: ReadonlyMap<string, KernelPlace>;
  /** Floats of all values, of all panels, and of all transposed panels. */
  readonly sizes: { readonly values: number; readonly panels: number; readonly transposed: number };

  constructor(config: ModelConfig) {
    const layouts = parameterLayouts(config);
    this.layouts = layouts;
    const ends = { values: 0, panels: 0, transposed: 0 };
    const take = (part: keyof typeof ends, floats: number): number => {
      const offset = ends[part] * FLOAT;
      ends[part] += roundUpToSixteen(floats);
      return offset;
    };
    this.values = new Map(
      layouts.map(({ name, shape }) => {
        const size = shapeSize(shape);
        return [name, { size, offset: take("values", size) }];
      }),
    );
    this.kernels = new Map(
      kernelShapes(config, layouts).map(({ name, source, shape: [inputs, outputs], isTransposed }) => {
        const panels = take("panels", panelFloats(inputs, outputs));
        // Nobody asks for the pixels' gradient.
        const transposed =
          name === "vision.patch.kernel" ? undefined : take("transposed", panelFloats(outputs, inputs));
        return [name, { inputs, outputs, panels, transposed, source, isTransposed }];
      }),
    );
    this.sizes = ends;
  }

  /** A parameter's place among the values. */
  valuesOf(name: string): ValuesPlace {
    const place = this.values.get(name);
    if (place === undefined) throw new Error(`there is no parameter "${name}"`);
    return place;
  }
}
