/** A request that cannot be served, with the HTTP status that says why. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}
