import { describeTask } from "@fovea-rl/testkit";
import digits from "./digits.ts";

describeTask(digits, { prompts: 100 });
describeTask(digits, { options: { level: "quad" }, prompts: 50 });
