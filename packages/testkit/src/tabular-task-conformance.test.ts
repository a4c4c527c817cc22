import { describeTask } from "./describe-task.ts";
import tabularTask from "./tabular-task.ts";

describeTask(tabularTask);
describeTask(tabularTask, { options: { trainPrompts: 20, heldOutPrompts: 16 } });
