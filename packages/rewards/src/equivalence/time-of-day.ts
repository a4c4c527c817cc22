const time = /^(\d{1,2}) : (\d{1,2})(?: : (\d{1,2}))?(?: ([ap]) ?\.? ?m ?\.?)?$|^(\d{1,2}) ([ap]) ?\.? ?m ?\.?$/i;

interface TimeOfDay {
  readonly minutes: number;
  readonly half: string | undefined;
}

function read(text: string): TimeOfDay | undefined {
  const found = time.exec(text);
  if (!found) return undefined;
  const half = (found[4] ?? found[6])?.toLowerCase();
  const hours = Number(found[1] ?? found[5]);
  const minutes = Number(found[2] ?? 0);
  if (hours > 24 || minutes > 59) return undefined;
  const onDial = half === undefined ? hours : (hours % 12) + (half === "p" ? 12 : 0);
  return { minutes: onDial * 60 + minutes + Number(found[3] ?? 0) / 60, half };
}

/** Whether two texts are the same time of day; undefined unless both are times and one says which half of the day. */
export function sameTime(reference: string, response: string): boolean | undefined {
  const [expected, given] = [read(reference), read(response)];
  if (!expected || !given || (expected.half ?? given.half) === undefined) return undefined;
  if (expected.half !== undefined && given.half !== undefined) return expected.minutes === given.minutes;
  // One side left the half of the day out: 4:45 answers 4:45 PM, and 16:45 does too.
  return expected.minutes === given.minutes || expected.minutes % 720 === given.minutes % 720;
}
