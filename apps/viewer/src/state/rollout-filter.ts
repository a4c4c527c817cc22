import { ROLLOUT_ORDERS, type RolloutQuery } from "@fovea-rl/run-records/view-data";

export const FILTER_NUMBERS = ["minimumReward", "maximumReward", "minimumLength", "maximumLength"] as const;
export const FILTER_TEXTS = ["file", "family", "verdict", "text", "order"] as const;

/** The filter that an address holds. */
export function filterOf(parameters: URLSearchParams): RolloutQuery {
  const query: Record<string, string | number> = {};
  for (const name of FILTER_NUMBERS) {
    const text = parameters.get(name);
    if (text !== null && text !== "" && Number.isFinite(Number(text))) query[name] = Number(text);
  }
  for (const name of FILTER_TEXTS) {
    const text = parameters.get(name);
    if (text !== null && text !== "") query[name] = text;
  }
  const { verdict, order, ...rest } = query;
  return {
    ...rest,
    ...(verdict === "right" || verdict === "wrong" ? { verdict } : {}),
    ...(ROLLOUT_ORDERS.some((name) => name === order) ? { order: order as NonNullable<RolloutQuery["order"]> } : {}),
  };
}
