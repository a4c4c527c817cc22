import type { DependencyNumbers } from "@fovea-rl/run-records/view-data";
import { formatPercent } from "../text/format-number.ts";

/** How sparse dependency is: what the most dependent tokens hold of all of it. */
export function ShareBars({ numbers }: { readonly numbers: DependencyNumbers }) {
  const rows = [
    ["top 10 %", numbers.top10Share],
    ["top 20 %", numbers.top20Share],
    ["top 40 %", numbers.top40Share],
  ] as const;
  return (
    <figure class="share-bars">
      <figcaption>Share of all dependency held by</figcaption>
      <dl>
        {rows.map(([name, share]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="track" aria-hidden="true">
                <span class="fill" style={{ width: `${100 * share}%` }} />
              </span>
              {formatPercent(share)}
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
