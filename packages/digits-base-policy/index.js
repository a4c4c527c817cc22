import { fileURLToPath } from "node:url";

// Plain JavaScript, so that the path is right without a build, wherever the package lies.
export const checkpointDirectory = fileURLToPath(new URL("./checkpoint", import.meta.url));
