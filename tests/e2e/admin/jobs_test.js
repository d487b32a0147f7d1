// The dashboard's pages about jobs: the list, one job, many jobs, a new job.
import assert from "node:assert/strict";
import test from "node:test";

import { World } from "./fixture.js";

const HOSTILE = "<script>alert(1)</script> \u202eمرحبا";

test.describe("jobs", () => {
  let world;
  let token;
  test.before(async () => {
    world = await World.start();
    ({ access_token: token } = await world.logIn(world.superuser.email));
  });
  test.after(() => world?.stop());

  const create = (workflow, more = {}) => world.call("POST", "/v1/jobs", { workflow_id: workflow, ...more }, token);
  const claim = async (workflow) => (await world.call("POST", "/v1/jobs:claim", { workflow_ids: [workflow] }, world.worker)).jobs[0];
  const finish = (id, how, body) => world.call("POST", `/v1/jobs/${id}:${how}`, body, world.worker);
  const open = async (page, hash) => {
    await world.logInTo(page);
    await page.goto(`${world.url}/admin/${hash}`);
  };
  const live = (page) => page.getByText("Live", { exact: true }).waitFor();
  const row = (page, id) => page.getByRole("row").filter({ has: page.locator(`a[href="#/jobs/${id}"]`) });
  /** Adds jobs that failed, by SQL. */
  const fail = (workflow, count) => world.query(`INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload)
    SELECT gen_random_uuid(), '${world.superuser.id}', '${workflow}', 'failed', '{"vibestack_job": 1, "error": {"code": "X"}}'
    FROM generate_series(1, ${count})`);

  test("an empty database has a page that says so", (t) => world.inBrowser(t, {}, async (page) => {
    await world.query("DELETE FROM agent_jobs");
    await open(page, "#/jobs");
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await world.checkAccessibility(page);
    await page.goto(`${world.url}/admin/#/`);
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
  }));

  test("a visible row changes in place, and new jobs wait behind a bar", (t) => world.inBrowser(t, {}, async (page) => {
    const { id } = await create("live");
    await open(page, "#/jobs?workflow=live");
    await row(page, id).getByText("Pending").waitFor();
    await live(page);
    for (let made = 0; made < 3; made += 1) await create("live");
    await page.getByRole("button", { name: "3 new jobs" }).waitFor();
    assert.equal(await page.locator("tbody tr").count(), 1);
    const claimed = await claim("live");
    assert.equal(claimed.job.id, id);
    await row(page, id).getByText("Processing").waitFor();
    await finish(id, "complete", { lease_token: claimed.lease_token, result_payload: 1 });
    await row(page, id).getByText("Completed").waitFor();
    await page.getByRole("button", { name: "3 new jobs" }).click();
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 4);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused").waitFor();
  }));

  test("filters stand in the address, and Back keeps them and the page", (t) => world.inBrowser(t, {}, async (page) => {
    await fail("pages", 120);
    await open(page, "#/jobs");
    await page.getByRole("radio", { name: "Failed" }).check({ force: true });
    await page.getByRole("combobox", { name: "Workflow" }).fill("pages");
    await page.getByRole("searchbox", { name: "User" }).fill(world.superuser.email);
    await page.keyboard.press("Enter");
    await page.waitForURL(/status=failed/);
    await page.waitForURL(/user=/);
    await page.getByText("50 jobs on this page").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2").waitFor();
    await page.locator("a.row-link").nth(3).click();
    await page.getByRole("heading", { name: /^pages Job/ }).waitFor();
    await page.goBack();
    await page.getByText("Page 2").waitFor();
    assert.match(page.url(), /user=[0-9a-f-]{36}&workflow=pages&status=failed/);
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("Page 1").waitFor();
  }));

  test("the keyboard moves, selects and opens", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page, "#/jobs?workflow=pages");
    await page.locator("a.row-link").first().waitFor();
    for (const key of ["j", "j", "k", "j", "x"]) await page.keyboard.press(key);
    await page.getByText("1 selected").waitFor();
    await page.locator("tbody input").nth(4).click({ modifiers: ["Shift"] });
    await page.getByText("4 selected").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: "Selected jobs" }).waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    const id = (await page.locator("a.row-link").first().getAttribute("href")).slice("#/jobs/".length);
    await page.keyboard.press("/");
    await page.keyboard.type(id);
    await page.getByRole("option", { name: /pages/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(id));
  }));

  test("a job shows its work live, and is cancelled, retried and deleted", (t) => world.inBrowser(t, {}, async (page) => {
    const { id } = await create("page", { input_json: JSON.stringify({ text: HOSTILE }).replace("}", ', "n": 12345678901234567890.10}') });
    await open(page, `#/jobs/${id}`);
    await page.getByText("12345678901234567890.10").waitFor();
    await page.getByText(HOSTILE).waitFor();
    await live(page);
    const claimed = await claim("page");
    await finish(id, "reportProgress", { lease_token: claimed.lease_token, result_payload: { percent: 40 } });
    await page.getByText("percent").waitFor();
    await page.getByText("Attempt 1 runs").waitFor();
    await world.checkAccessibility(page);

    await page.getByRole("button", { name: "Cancel job" }).click();
    await page.getByLabel("Reason").fill(HOSTILE);
    await page.getByRole("button", { name: "Cancel 1 job" }).click();
    await page.getByRole("heading", { name: "Error" }).waitFor();
    await page.getByText(HOSTILE).first().waitFor();
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("button", { name: "Retry 1 job" }).click();
    await page.getByRole("heading", { name: "Progress" }).waitFor();
    await live(page);
    const again = await claim("page");
    await finish(id, "complete", { lease_token: again.lease_token, result_payload: { done: HOSTILE } });
    await page.getByRole("heading", { name: "Result" }).waitFor();
    await page.getByRole("radio", { name: "Raw" }).first().check({ force: true });
    await page.getByText("{\"done\":").waitFor();

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete 1 job" }).click();
    await page.getByRole("heading", { name: "The job is deleted" }).waitFor();
    await page.goto(`${world.url}/admin/#/jobs/00000000-0000-4000-8000-000000000000`);
    await page.getByRole("heading", { name: "There is no such job" }).waitFor();
  }));

  test("a result of megabytes opens at once, and part by part", (t) => world.inBrowser(t, {}, async (page) => {
    const [id] = await world.query(`INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload)
      SELECT gen_random_uuid(), '${world.superuser.id}', 'large', 'completed', jsonb_agg(jsonb_build_object('n', n, 'text', 'word ' || n))
      FROM generate_series(1, 60000) n RETURNING id`);
    await open(page, `#/jobs/${id}`);
    await page.getByRole("button", { name: "[ 60,000 items ]" }).waitFor();
    assert.ok(await page.locator(".json li").count() < 500);
    await page.getByRole("button", { name: /more of 59,900/ }).click();
    await page.getByRole("button", { name: /more of 59,800/ }).waitFor();
  }));

  test("a new job has its JSON checked, its owner found and its start kept", (t) => world.inBrowser(t, {}, async (page) => {
    const person = await world.person();
    await open(page, "#/jobs/new");
    await page.getByLabel("Workflow").fill("made");
    await page.getByLabel("Input").fill('{"a": 1,}');
    await page.getByText("Line 1, column 9: expected a key in double quotes").waitFor();
    assert.ok(await page.getByRole("button", { name: "Create job" }).isDisabled());
    await page.getByLabel("Input").fill('{"a": 1.50}');
    await page.getByLabel("Owner").fill("nobody@example.org");
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByText("No account has this email or id.").waitFor();
    await world.checkAccessibility(page);
    await page.getByLabel("Owner").fill(person.email);
    await page.getByRole("radio", { name: "After a delay" }).check({ force: true });
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByRole("heading", { name: /^made Job/ }).waitFor();
    await page.getByText("1.50").waitFor();
    await page.getByText("waits for its time").waitFor();
    await page.getByRole("link", { name: person.email }).waitFor();
  }));

  test("ten thousand jobs are retried, and the failures stay selected", (t) => world.inBrowser(t, {}, async (page) => {
    await fail("many", 10_000);
    await open(page, "#/jobs?status=failed&workflow=many");
    await page.getByLabel("Select all rows of this page").check();
    await page.getByRole("button", { name: /^Select all failed jobs of workflow many/ }).click();
    await page.getByRole("button", { name: "Retry 10,000" }).click();
    // These end while the reader thinks about it.
    await world.query(`UPDATE agent_jobs SET status = 'completed' WHERE id IN
      (SELECT id FROM agent_jobs WHERE workflow_id = 'many' ORDER BY id LIMIT 7)`);
    await page.getByRole("button", { name: "Retry 10,000 jobs" }).click();
    await page.getByText("9,993 of 10,000 jobs retried, 7 failed. The failed ones stay selected.").waitFor();
    await page.getByText("JOB_NOT_FAILED · 7 jobs").waitFor();
    await world.checkAccessibility(page);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByText("7 selected").waitFor();
    assert.deepEqual(await world.query("SELECT count(*) FROM agent_jobs WHERE workflow_id = 'many' AND status = 'pending'"), ["9993"]);
  }));

  test("a bulk action names what and how many, and leaves the others", (t) => world.inBrowser(t, {}, async (page) => {
    await fail("mixed", 2);
    await create("mixed");
    await open(page, "#/jobs?workflow=mixed");
    await page.getByLabel("Select all rows of this page").check();
    await page.getByRole("button", { name: "Cancel 1", exact: true }).click();
    await page.getByText("2 selected jobs are not pending or processing and stay as they are.").waitFor();
    await page.getByLabel("Reason").fill("not needed");
    await page.getByRole("button", { name: "Cancel 1 job" }).click();
    await page.getByText("1 of 1 job cancelled.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.getByText("2 selected").waitFor();
    await page.getByRole("button", { name: "Delete 2", exact: true }).click();
    await page.getByRole("button", { name: "Delete 2 jobs" }).click();
    await page.getByText("2 of 2 jobs deleted.").waitFor();
    assert.deepEqual(await world.query("SELECT status FROM agent_jobs WHERE workflow_id = 'mixed'"), ["failed"]);
  }));
});
