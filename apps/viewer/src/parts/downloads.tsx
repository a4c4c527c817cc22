import { type PerceptionProfile, perceptionNumbersCsv, perceptionTokensCsv } from "@fovea-rl/run-records/view-data";

function save(name: string, type: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** The numbers behind the figures. */
export function Downloads({ run, profile }: { readonly run: string; readonly profile: PerceptionProfile }) {
  const stem = `perception-${run.replaceAll(/[^\w.-]+/g, "-")}`;
  return (
    <p class="row">
      <button type="button" onClick={() => save(`${stem}.json`, "application/json", JSON.stringify(profile, null, 2))}>
        Numbers as JSON
      </button>
      <button type="button" onClick={() => save(`${stem}.csv`, "text/csv", perceptionNumbersCsv(profile))}>
        Numbers as CSV
      </button>
      <button type="button" onClick={() => save(`${stem}-tokens.csv`, "text/csv", perceptionTokensCsv(profile))}>
        Tokens as CSV
      </button>
    </p>
  );
}
