/** Something in a run directory that cannot be shown, said where the rest is shown. */
export interface Problem {
  /** Path of the file at fault, relative to the run directory. */
  readonly file: string;
  readonly message: string;
}
