import type { Image } from "./image.ts";
import type { RandomGenerator } from "./random-generator.ts";

/** Makes the degraded image I' from I, of the same size. Everything random comes from the generator. */
export interface Perturbation {
  readonly name: string;
  perturb(image: Image, random: RandomGenerator): Image;
}
