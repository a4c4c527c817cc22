/** Something that the user should know and that stops nothing. */
export function warn(message: string): void {
  process.emitWarning(message, { type: "FoveaWarning" });
}
