import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";

import { briefTime, exactTime, relative } from "../lib/time.ts";
import { preferences } from "../state/preferences.ts";
import { now } from "../state/visible.ts";

/** A time as "3 min ago" with the clock beside it. The tooltip has all digits and the zone. */
export function Time({ value }: { value: Timestamp | undefined }) {
  if (value === undefined) return <span class="muted">–</span>;
  const time = timestampDate(value);
  const zone = preferences.value.zone;
  return (
    <time class="time" dateTime={time.toISOString()} title={exactTime(time, zone)}>
      {relative(time, now.value)} <span class="muted">{briefTime(time, now.value, zone)}</span>
    </time>
  );
}

/** A time with all digits, for details. */
export function ExactTime({ value }: { value: Timestamp | undefined }) {
  if (value === undefined) return <span class="muted">–</span>;
  const time = timestampDate(value);
  return (
    <time class="time" dateTime={time.toISOString()}>
      {exactTime(time, preferences.value.zone)} <span class="muted">({relative(time, now.value)})</span>
    </time>
  );
}
