/** Times as people read and type them, in local time or in UTC. */

export type Zone = "local" | "utc";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}

interface Parts {
  date: string;
  clock: string;
  millis: string;
}

function partsOf(time: Date, zone: Zone): Parts {
  const utc = zone === "utc";
  const year = utc ? time.getUTCFullYear() : time.getFullYear();
  const month = (utc ? time.getUTCMonth() : time.getMonth()) + 1;
  const day = utc ? time.getUTCDate() : time.getDate();
  const hour = utc ? time.getUTCHours() : time.getHours();
  const minute = utc ? time.getUTCMinutes() : time.getMinutes();
  return {
    date: `${pad(year, 4)}-${pad(month)}-${pad(day)}`,
    clock: `${pad(hour)}:${pad(minute)}:${pad(utc ? time.getUTCSeconds() : time.getSeconds())}`,
    millis: pad(utc ? time.getUTCMilliseconds() : time.getMilliseconds(), 3),
  };
}

/** The offset of the zone at this time: "UTC", "UTC+02:00". */
function offsetOf(time: Date, zone: Zone): string {
  const minutes = zone === "utc" ? 0 : -time.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  return `UTC${minutes < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
}

/** "2026-11-30 22:31:04.125 UTC+01:00", for tooltips and details. */
export function exactTime(time: Date, zone: Zone): string {
  const { date, clock, millis } = partsOf(time, zone);
  return `${date} ${clock}.${millis} ${offsetOf(time, zone)}`;
}

/** The shortest form that is clear: the clock on the same day and within half a day, else the date too. */
export function briefTime(time: Date, now: Date, zone: Zone): string {
  const { date, clock } = partsOf(time, zone);
  const isNear = date === partsOf(now, zone).date || Math.abs(now.getTime() - time.getTime()) < DAY / 2;
  return isNear ? clock : `${date} ${clock.slice(0, 5)}`;
}

/** "850 ms", "12 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function duration(millis: number): string {
  const positive = Math.max(0, millis);
  if (positive < SECOND) return `${Math.round(positive)} ms`;
  if (positive < 10 * SECOND) return `${(Math.floor(positive / 100) / 10).toFixed(1)} s`;
  if (positive < MINUTE) return `${Math.floor(positive / SECOND)} s`;
  if (positive < HOUR) return two(positive, MINUTE, "min", SECOND, "s");
  if (positive < DAY) return two(positive, HOUR, "h", MINUTE, "min");
  return two(positive, DAY, "d", HOUR, "h");
}

function two(millis: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((millis % large) / small);
  return `${Math.floor(millis / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** "just now", "3 min ago", "in 2 h". */
export function relative(time: Date, now: Date): string {
  const distance = now.getTime() - time.getTime();
  const size = Math.abs(distance);
  if (size < 5 * SECOND) return "just now";
  const text =
    size < MINUTE
      ? `${Math.floor(size / SECOND)} s`
      : size < HOUR
        ? `${Math.floor(size / MINUTE)} min`
        : size < DAY
          ? `${Math.floor(size / HOUR)} h`
          : `${Math.floor(size / DAY)} d`;
  return distance < 0 ? `in ${text}` : `${text} ago`;
}

/** The value of an <input type="datetime-local">. */
export function toInput(time: Date, zone: Zone): string {
  const { date, clock } = partsOf(time, zone);
  return `${date}T${clock}`;
}

/** The time that an <input type="datetime-local"> means, or undefined if it is empty or incomplete. */
export function fromInput(value: string, zone: Zone): Date | undefined {
  const time = new Date(zone === "utc" ? `${value}Z` : value);
  return value === "" || Number.isNaN(time.getTime()) ? undefined : time;
}

/** The time of an RFC 3339 text, or undefined if it is none. */
export function parseTime(text: string | null): Date | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}
