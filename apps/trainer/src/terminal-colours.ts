import pc from "picocolors";

/**
 * Colours for what is written to a stream: none where it is not a terminal, whatever the environment says of CI, so that logs stay
 * plain text. NO_COLOR and FORCE_COLOR (https://no-color.org, https://force-color.org) are honoured.
 */
export function terminalColours(stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = process.env;
  if (no) return pc.createColors(false);
  return pc.createColors(force ? force !== "0" : stream.isTTY === true && terminal !== "dumb");
}
