import { useEffect, useState } from "preact/hooks";

export const VIEWS = ["runs", "compare", "rollouts", "rollout", "perception"] as const;
export type View = (typeof VIEWS)[number];

/** Where the page is, kept in the address's fragment: every view can be linked to, from disk too. */
export interface Route {
  readonly view: View;
  readonly parameters: URLSearchParams;
}

export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?", 2);
  const view = VIEWS.find((name) => name === path) ?? "runs";
  return { view, parameters: new URLSearchParams(query) };
}

type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export function linkTo(view: View, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) for (const entry of value) query.append(name, entry);
    else if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return `#/${view}${text === "" ? "" : `?${text}`}`;
}

/** Changes the address without a new entry in the history: for filters, which nobody wants to step back through. */
export function replaceRoute(view: View, parameters: Parameters): void {
  const link = linkTo(view, parameters);
  if (link === location.hash) return;
  history.replaceState(null, "", link);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const follow = () => setFragment(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return parseRoute(fragment);
}
