import { useEffect, useState } from "preact/hooks";

import { briefTime, fromInput, toInput } from "../lib/time.ts";
import { preferences } from "../state/preferences.ts";
import { now } from "../state/visible.ts";
import { Button } from "./button.tsx";
import { TextField } from "./field.tsx";
import { Menu } from "./menu.tsx";

interface TimeRange {
  from: Date | undefined;
  to: Date | undefined;
}

const PRESETS: [label: string, millis: number][] = [
  ["Last 15 minutes", 15 * 60_000],
  ["Last hour", 3_600_000],
  ["Last 24 hours", 24 * 3_600_000],
  ["Last 7 days", 7 * 24 * 3_600_000],
];

export function timeLabel({ from, to }: TimeRange): string {
  const brief = (time: Date): string => briefTime(time, now.value, preferences.value.zone);
  if (from && to) return `${brief(from)} to ${brief(to)}`;
  if (from) return `Since ${brief(from)}`;
  if (to) return `Before ${brief(to)}`;
  return "Any time";
}

/** Chooses when the rows were created. A preset counts back from now and then stays, so that the pages of a list fit together. */
export function TimeFilter({ range, onChange }: { range: TimeRange; onChange: (range: TimeRange) => void }) {
  const zone = preferences.value.zone;
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  useEffect(() => {
    setFrom(range.from ? toInput(range.from, zone) : "");
    setTo(range.to ? toInput(range.to, zone) : "");
  }, [range.from?.getTime(), range.to?.getTime(), zone]);
  return (
    <Menu label={timeLabel(range)} icon="clock" accessibleName={`Created: ${timeLabel(range)}`}>
      {(close) => {
        const choose = (chosen: TimeRange): void => {
          onChange(chosen);
          close();
        };
        return (
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              choose({ from: fromInput(from, zone), to: fromInput(to, zone) });
            }}
          >
            <div class="presets">
              {PRESETS.map(([label, millis]) => (
                <Button key={label} onClick={() => choose({ from: new Date(Date.now() - millis), to: undefined })}>
                  {label}
                </Button>
              ))}
              <Button onClick={() => choose({ from: undefined, to: undefined })}>Any time</Button>
            </div>
            <TextField
              type="datetime-local"
              label={`Created from (${zone === "utc" ? "UTC" : "local time"})`}
              value={from}
              onInput={setFrom}
            />
            <TextField type="datetime-local" label="Created before" value={to} onInput={setTo} />
            <Button type="submit" kind="primary">
              Apply
            </Button>
          </form>
        );
      }}
    </Menu>
  );
}
