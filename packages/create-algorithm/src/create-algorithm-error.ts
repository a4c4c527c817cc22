/** Something that the user can put right. */
export class CreateAlgorithmError extends Error {
  override readonly name = "CreateAlgorithmError";
}
