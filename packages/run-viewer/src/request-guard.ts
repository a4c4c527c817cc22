import type { IncomingMessage } from "node:http";

/**
 * Why a request is refused, or undefined. The server listens on loopback, which any web page in the user's browser can
 * reach: a foreign Host is a page whose name was pointed here (DNS rebinding), a foreign Origin or a cross-site fetch a page
 * that tries to read along.
 */
export function refusal(request: IncomingMessage, port: number): string | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const { host, origin } = request.headers;
  if (host === undefined || !hosts.includes(host.toLowerCase())) return "the Host is not this server";
  if (origin !== undefined && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    return "other origins may not read runs";
  }
  const site = request.headers["sec-fetch-site"];
  // A link on another page may open the viewer; nothing else may come from there.
  const isNavigation =
    request.headers["sec-fetch-mode"] === "navigate" && request.headers["sec-fetch-dest"] === "document";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isNavigation)
    return "other sites may not read runs";
  return undefined;
}

/** Sent with everything: the page may load nothing but its own, and nothing may frame or embed it. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};
