import { describePolicy } from "./describe-policy.ts";
import { TabularPolicy } from "./tabular-policy.ts";
import { TabularTask } from "./tabular-task.ts";

const task = new TabularTask({ trainPrompts: 0, heldOutPrompts: 8, imageSize: 8 }, 1);

describePolicy("tabular", {
  create: async () => new TabularPolicy({ baseSeed: 0, optimiser: "adam" }, 1),
  createWithGradientDescent: async () => new TabularPolicy({ baseSeed: 0, optimiser: "sgd" }, 1),
  prompts: [0, 1, 2].map((index) => task.prompt("train", index)),
});
