import assert from "node:assert/strict";
import { test } from "node:test";

import { NOTHING, add, pageState, remove, toggle, toggleRange, update } from "../src/state/selection.ts";
import { Job_Status } from "../stubs/vibestack/job/v1/job_pb.js";

const rows = ["a", "b", "c", "d"].map((id) => ({ id, workflowId: "report", status: Job_Status.PENDING }));
const [a, b, , d] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];

test("a click selects a row and takes it out", () => {
  const selected = toggle(NOTHING, a);
  assert.deepEqual([...selected.keys()], ["a"]);
  assert.equal(toggle(selected, a).size, 0);
  assert.equal(NOTHING.size, 0);
});

test("shift selects the range in both directions", () => {
  assert.deepEqual([...toggleRange(NOTHING, rows, 1, 3).keys()], ["b", "c", "d"]);
  assert.deepEqual([...toggleRange(NOTHING, rows, 3, 1).keys()], ["b", "c", "d"]);
});

test("shift on a selected row takes the range out", () => {
  const selected = add(NOTHING, rows);
  assert.deepEqual([...toggleRange(selected, rows, 1, 2).keys()], ["a", "d"]);
});

test("the page is selected in no, some or all rows", () => {
  assert.equal(pageState(NOTHING, rows), "none");
  assert.equal(pageState(add(NOTHING, [b]), rows), "some");
  assert.equal(pageState(add(NOTHING, rows), rows), "all");
});

test("a selection goes on over pages", () => {
  const selected = remove(add(add(NOTHING, [a]), [d]), ["a"]);
  assert.deepEqual([...selected.keys()], ["d"]);
});

test("a selected job takes over its new state, others do not join", () => {
  const selected = add(NOTHING, [a]);
  const changed = update(selected, [
    { ...a, status: Job_Status.FAILED },
    { ...b, status: Job_Status.FAILED },
  ]);
  assert.equal(changed.get("a")?.status, Job_Status.FAILED);
  assert.equal(changed.size, 1);
  assert.equal(update(selected, rows), selected);
});
