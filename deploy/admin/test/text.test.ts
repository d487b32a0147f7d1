import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, count, newUuid, plural } from "../src/lib/text.ts";
import { briefTime, duration, exactTime, fromInput, relative, toInput } from "../src/lib/time.ts";

const time = new Date("2026-11-30T22:31:04.125Z");

test("times read well", () => {
  assert.equal(exactTime(time, "utc"), "2026-11-30 22:31:04.125 UTC");
  assert.equal(briefTime(time, new Date("2026-11-30T23:00:00Z"), "utc"), "22:31:04");
  assert.equal(briefTime(time, new Date("2026-12-01T00:00:00Z"), "utc"), "22:31:04");
  assert.equal(briefTime(time, new Date("2026-12-01T11:00:00Z"), "utc"), "2026-11-30 22:31");
  assert.equal(relative(time, new Date("2026-11-30T22:34:10Z")), "3 min ago");
  assert.equal(relative(time, new Date("2026-11-30T20:31:04Z")), "in 2 h");
});

test("durations have at most two units", () => {
  assert.deepEqual([850, 9_990, 59_999, 200_000, 3_600_000, 90_061_000].map(duration), [
    "850 ms",
    "9.9 s",
    "59 s",
    "3 min 20 s",
    "1 h",
    "1 d 1 h",
  ]);
});

test("a typed time comes back", () => {
  for (const zone of ["utc", "local"] as const) {
    assert.equal(fromInput(toInput(time, zone), zone)?.getTime(), new Date("2026-11-30T22:31:04Z").getTime());
    assert.equal(fromInput("", zone), undefined);
  }
});

test("numbers read well", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(plural(1, "job"), "1 job");
  assert.equal(plural(12000, "job"), "12,000 jobs");
  assert.deepEqual([812, 1434, 15_000, 1_500_000].map(bytes), ["812 B", "1.4 KiB", "15 KiB", "1.4 MiB"]);
});

test("an id is a random UUID v4", () => {
  assert.match(newUuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
