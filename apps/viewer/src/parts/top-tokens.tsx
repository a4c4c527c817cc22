import type { PerceptionProfile } from "@fovea-rl/run-records/view-data";
import { formatNumber } from "../text/format-number.ts";
import { visibleToken } from "../text/visible-text.ts";
import { Scroll } from "./scroll.tsx";

/** The token texts that depend on the image most, on average. */
export function TopTokens({ profile }: { readonly profile: PerceptionProfile }) {
  const { topTokens, leastCount } = profile;
  const most = Math.max(Number.MIN_VALUE, ...topTokens.map(({ mean }) => mean));
  return (
    <figure class="top-tokens">
      <figcaption>
        Tokens that rank highest{" "}
        <span class="muted">by mean{leastCount > 1 && `, of those seen ${leastCount} times or more`}</span>
      </figcaption>
      <Scroll label="Tokens that rank highest">
        <table>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col" class="wide">
                mean dependency
              </th>
              <th scope="col">largest</th>
              <th scope="col">seen</th>
            </tr>
          </thead>
          <tbody>
            {topTokens.map(({ text, mean, maximum, count }) => (
              <tr key={text}>
                <th scope="row">
                  <code>
                    <bdi>{visibleToken(text)}</bdi>
                  </code>
                </th>
                <td>
                  <span class="track" aria-hidden="true">
                    <span class="fill" style={{ width: `${(100 * mean) / most}%` }} />
                  </span>
                  {formatNumber(mean)}
                </td>
                <td>{formatNumber(maximum)}</td>
                <td>{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </figure>
  );
}
