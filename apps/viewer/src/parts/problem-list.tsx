import type { Problem } from "@fovea-rl/run-records/view-data";
import { visibleText } from "../text/visible-text.ts";

/** What is missing or broken, by file. */
export function ProblemList({ run, problems }: { readonly run: string; readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="problems" aria-label={`Problems of ${run}`}>
      {problems.map(({ file, message }) => (
        <li key={`${file}${message}`}>
          <code>
            {visibleText(run)}/{visibleText(file)}
          </code>{" "}
          {visibleText(message)}
        </li>
      ))}
    </ul>
  );
}
