/** An error whose message is meant for the user: it names the file, field or value at fault and what would be right. */
export class FoveaError extends Error {
  override readonly name: string = "FoveaError";
}
