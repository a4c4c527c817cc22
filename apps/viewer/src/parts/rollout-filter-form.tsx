import type { RolloutPage } from "@fovea-rl/run-records/view-data";
import { visibleLine } from "../text/visible-text.ts";

interface RolloutFilterFormProperties {
  readonly page: RolloutPage;
  readonly parameters: URLSearchParams;
  readonly onChange: (name: string, text: string) => void;
}

const ORDERS = { recorded: "as recorded", dependency: "dependency", reward: "reward", length: "length" } as const;

/** Step, family, verdict, reward, length, text. */
export function RolloutFilterForm({ page, parameters, onChange }: RolloutFilterFormProperties) {
  const choice = (label: string, name: string, options: Readonly<Record<string, string>>, all: string | undefined) => (
    <label class="field">
      {label}
      <select value={parameters.get(name) ?? ""} onChange={(event) => onChange(name, event.currentTarget.value)}>
        {all !== undefined && <option value="">{all}</option>}
        {Object.entries(options).map(([value, text]) => (
          <option key={value} value={value === "recorded" ? "" : value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const number = (label: string, name: string) => (
    <label class="field narrow">
      {label}
      <input
        type="number"
        step="any"
        value={parameters.get(name) ?? ""}
        onInput={(event) => onChange(name, event.currentTarget.value)}
      />
    </label>
  );
  const named = (values: readonly string[]) =>
    Object.fromEntries(values.map((value) => [value, visibleLine(value, 60)]));
  return (
    <>
      {choice("Step", "file", named(page.files), "all")}
      {page.families.length > 0 && choice("Family", "family", named(page.families), "all")}
      {choice("Answer", "verdict", { right: "right", wrong: "wrong" }, "right and wrong")}
      {number("Reward from", "minimumReward")}
      {number("Reward to", "maximumReward")}
      {number("Tokens from", "minimumLength")}
      {number("Tokens to", "maximumLength")}
      <label class="field broad">
        Text
        <input
          type="search"
          value={parameters.get("text") ?? ""}
          placeholder="in response, answer or prompt id"
          onInput={(event) => onChange("text", event.currentTarget.value)}
        />
      </label>
      {choice("Order", "order", ORDERS, undefined)}
    </>
  );
}
