// The dashboard's pages of jobs: overview, list, one job, new job.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { RTL, SCRIPT, callsOf, checkLooks, dialog, failed, go, hasCount, jobRow, jobRows, makeJobs, removeJobs, toast, until } from "./dashboard.js";
import { World } from "./fixture.js";

test.describe("jobs", () => {
  let world;
  test.before(async () => { world = await World.start({ GATEWAY_DOCS_URL: "/docs" }); });
  test.after(() => world?.stop());

  /** A test with a superuser who is logged in, and no jobs. */
  function inDashboard(name, body, options = {}) {
    test(name, async (t) => {
      await removeJobs(world);
      await world.inBrowser(t, options, async (page, context) => {
        await world.logInTo(page);
        await body(page, context);
      });
    });
  }

  inDashboard("an empty database has pages that say so", async (page) => {
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.getByText("Nothing waits.").waitFor();
    await checkLooks(world, page);
    await go(page, "jobs", "Jobs");
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await checkLooks(world, page);
    await page.getByRole("link", { name: "Create a job" }).click();
    await page.getByRole("heading", { name: "New job" }).waitFor();
  });

  inDashboard("the overview counts jobs, and leads to them", async (page) => {
    makeJobs(world, { number: 3, workflow: "report", ageSeconds: 7200 });
    await makeJobs(world, { number: 2, workflow: "mail", status: "failed", payload: failed() });
    await makeJobs(world, { number: 1, workflow: "mail", status: "completed", payload: { sent: 1 } });
    const tile = (name) => page.locator(".tile").filter({ hasText: name });
    await tile("Pending").filter({ hasText: "3" }).first().waitFor();
    await tile("Failed, last hour").filter({ hasText: "2" }).waitFor();
    await tile("Oldest pending").filter({ hasText: "2 h" }).waitFor();
    await page.getByText(/user_serviceanswers in \d+ ms/).waitFor();
    await page.getByText(/job_serviceanswers in \d+ ms/).waitFor();
    await page.getByRole("img", { name: "Pending jobs in this session: between 0 and 3" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "API reference" }).getAttribute("href"), "/docs");
    await checkLooks(world, page);
    const workflows = page.locator("table.numbers tbody tr");
    assert.deepEqual(await workflows.locator("td:first-child").allInnerTexts(), ["mail", "report"]);
    await page.getByRole("button", { name: "Pending", exact: true }).click();
    await until(page, () => document.querySelector("table.numbers td").textContent === "report");
    await page.getByRole("link", { name: "2 failed jobs of mail" }).click();
    await hasCount(jobRows(page), 2);
    assert.match(page.url(), /#\/jobs\?workflow=mail&status=failed$/);
  });

  const workflowField = (page) => page.getByRole("combobox", { name: "Workflow" });
  const userField = (page) => page.getByRole("searchbox", { name: "User" });
  const choose = (page, name) => page.getByRole("radio", { name, exact: true }).check();

  inDashboard("filters of the list are in the address, and Back keeps them", async (page) => {
    const person = await world.person();
    await makeJobs(world, { number: 2, workflow: "report", userId: person.id });
    await makeJobs(world, { number: 3, workflow: "report", status: "completed", payload: 1 });
    await makeJobs(world, { number: 1, workflow: "mail", status: "failed", payload: failed(), ageSeconds: 90_000 });
    await go(page, "jobs", "Jobs");
    await hasCount(jobRows(page), 6);
    await workflowField(page).fill("report");
    await workflowField(page).press("Enter");
    await hasCount(jobRows(page), 5);
    await userField(page).fill(person.email);
    await userField(page).press("Enter");
    await hasCount(jobRows(page), 2);
    assert.match(page.url(), new RegExp(`\\?user=${person.id}&workflow=report$`));
    await choose(page, "Completed");
    await page.getByRole("heading", { name: "No jobs match" }).waitFor();
    await page.getByText(`No completed jobs of workflow report of ${person.email}.`).waitFor();
    await checkLooks(world, page);
    await page.goBack();
    await hasCount(jobRows(page), 2);
    assert.equal(await userField(page).inputValue(), person.email);
    await page.goBack();
    await hasCount(jobRows(page), 5);
    await page.goForward();
    await hasCount(jobRows(page), 2);
    await userField(page).fill("nobody@example.org");
    await userField(page).press("Enter");
    await page.getByText("No account has this email.").waitFor();
    await userField(page).fill("");
    await workflowField(page).fill("");
    await hasCount(jobRows(page), 6);

    await page.getByRole("button", { name: "Newest first" }).click();
    await page.getByRole("button", { name: "Oldest first" }).waitFor();
    await until(page, () => document.querySelector("table.jobs tbody tr").textContent.includes("mail"));
    assert.match(page.url(), /order=oldest/);
    await page.getByRole("button", { name: "Created: Any time" }).click();
    await page.getByRole("button", { name: "Last 24 hours" }).click();
    await hasCount(jobRows(page), 5);
    await page.getByRole("button", { name: /^Created: Since/ }).click();
    await page.getByLabel(/^Created from/).fill("");
    await page.getByLabel("Created before").fill(await page.evaluate(() => new Date(Date.now() - 10 * 3600_000).toISOString().slice(0, 19)));
    await world.checkAccessibility(page);
    await page.getByRole("button", { name: "Apply" }).click();
    await hasCount(jobRows(page), 1);
    await jobRows(page).getByRole("link").first().click();
    await page.getByRole("heading", { level: 1, name: "mail" }).waitFor();
    await page.goBack();
    await hasCount(jobRows(page), 1);
  });

  inDashboard("pages go forth and back", async (page) => {
    const ids = await makeJobs(world, { number: 120 });
    await go(page, "jobs", "Jobs");
    const shown = () => jobRows(page).locator("a.row-link").evaluateAll((links) => links.map((link) => link.hash.slice("#/jobs/".length)));
    await hasCount(jobRows(page), 50);
    assert.deepEqual(await shown(), ids.slice(0, 50));
    const first = page.url();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2").waitFor();
    await jobRow(page, ids[50]).waitFor();
    assert.deepEqual(await shown(), ids.slice(50, 100));
    await page.getByRole("button", { name: "Next" }).click();
    await hasCount(jobRows(page), 20);
    assert.ok(await page.getByRole("button", { name: "Next" }).isDisabled());
    assert.deepEqual(await shown(), ids.slice(100));
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText("Page 2").waitFor();
    await jobRow(page, ids[50]).waitFor();
    await page.getByRole("button", { name: "Previous" }).click();
    await jobRow(page, ids[0]).waitFor();
    assert.deepEqual([page.url(), await shown()], [first, ids.slice(0, 50)]);
    await page.goBack();
    await jobRow(page, ids[50]).waitFor();
  });

  inDashboard("the list is live: rows change in place, new ones wait, and pause holds it", async (page) => {
    const ids = await makeJobs(world, { number: 3 });
    await go(page, "jobs", "Jobs");
    await page.getByText("Live", { exact: true }).waitFor();
    await hasCount(jobRows(page), 3);
    await world.query(`UPDATE agent_jobs SET status = 'completed', result_payload = '1' WHERE id = '${ids[1]}'`);
    await jobRow(page, ids[1]).getByText("Completed").waitFor();
    const made = await makeJobs(world, { number: 14, ageSeconds: -100 });
    await page.getByRole("button", { name: "14 new jobs" }).waitFor();
    await world.query(`DELETE FROM agent_jobs WHERE id = '${ids[2]}'`);
    await jobRow(page, ids[2]).getByText("deleted").waitFor();
    await hasCount(jobRows(page), 3); // rows never jump
    assert.equal(await jobRows(page).first().locator("a.row-link").getAttribute("href"), `#/jobs/${ids[0]}`);
    await checkLooks(world, page);
    await page.getByRole("button", { name: "14 new jobs" }).click();
    await hasCount(jobRows(page), 16);
    assert.equal(await page.getByRole("button", { name: /new job/ }).count(), 0);

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused").waitFor();
    const calls = callsOf(page);
    await world.query(`UPDATE agent_jobs SET status = 'completed', result_payload = '1' WHERE id = '${made[0]}'`);
    await jobRow(page, made[0]).getByText("Pending").waitFor();
    assert.deepEqual(calls, []);
    await page.getByRole("button", { name: "Go live" }).click();
    await jobRow(page, made[0]).getByText("Completed").waitFor();
  });

  inDashboard("a row that changed no longer matches the filter, and stays", async (page) => {
    const [id] = await makeJobs(world, { number: 2 });
    await go(page, "jobs?status=pending", "Jobs");
    await page.getByText("Live", { exact: true }).waitFor();
    await world.query(`UPDATE agent_jobs SET status = 'failed' WHERE id = '${id}'`);
    await jobRow(page, id).getByText("no longer matches").waitFor();
    await hasCount(jobRows(page), 2);
  });

  inDashboard("the columns are the reader's choice", async (page) => {
    await makeJobs(world, {});
    await go(page, "jobs", "Jobs");
    await hasCount(jobRows(page), 1);
    const titles = () => page.locator("table.jobs th").allInnerTexts();
    assert.deepEqual(await titles(), ["", "State", "Workflow", "Job", "User", "Created", "Changed"]);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByRole("checkbox", { name: "User", exact: true }).uncheck();
    await page.getByLabel("Duration").check();
    await world.checkAccessibility(page);
    assert.deepEqual(await titles(), ["", "State", "Workflow", "Job", "Created", "Changed", "Duration"]);
    await page.reload();
    await world.logInTo(page);
    await hasCount(jobRows(page), 1);
    assert.deepEqual(await titles(), ["", "State", "Workflow", "Job", "Created", "Changed", "Duration"]);
  });

  inDashboard("a job shows its attempts, its input and its exact result", async (page) => {
    const digits = "12345678901234567890.000000000000000001";
    const [id] = await makeJobs(world, { status: "failed", workflow: "mail", payload: JSON.stringify(failed({ attempts: 3, input: { to: "x" } })).replace(`"x"`, digits) });
    await go(page, `jobs/${id}`, "mail");
    const timeline = page.locator(".timeline li");
    await timeline.filter({ hasText: "Attempt 3 failed" }).waitFor();
    assert.deepEqual(await timeline.locator(".step").allInnerTexts(), ["Created", "Attempt 1 failed", "Attempt 2 failed", "Attempt 3 failed"]);
    await page.locator(".notice.failed").filter({ hasText: "BAD_ROW row 7 has no date" }).waitFor();
    const tree = page.getByLabel("Tree of the input");
    assert.match(await tree.innerText(), new RegExp(digits.replace(".", "\\.")));
    await checkLooks(world, page);
    await page.getByRole("group", { name: "View of the input" }).getByRole("radio", { name: "Raw" }).check();
    assert.match(await page.locator("pre.raw").innerText(), new RegExp(`^\\{"to": ?${digits.replace(".", "\\.")}\\}$`));
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).last().click()]);
    assert.equal(file.suggestedFilename(), `${id}-input.json`);
    assert.match(fs.readFileSync(await file.path(), "utf8"), new RegExp(digits));
    await page.getByRole("link", { name: "Failed jobs of this workflow" }).click();
    await hasCount(jobRows(page), 1);
    await page.goBack();
    await page.getByRole("link", { name: world.superuser.email }).click();
    await page.getByRole("heading", { level: 1, name: world.superuser.email }).waitFor();
  }, { acceptDownloads: true });

  inDashboard("a result of megabytes opens at once, and part by part", async (page) => {
    const [id] = await world.query(`INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload)
      SELECT gen_random_uuid(), '${world.superuser.id}', 'large', 'completed', jsonb_agg(jsonb_build_object('n', n, 'text', 'word ' || n))
      FROM generate_series(1, 60000) n RETURNING id`);
    await go(page, `jobs/${id}`, "large");
    await page.getByRole("button", { name: "[ 60,000 items ]" }).waitFor();
    assert.ok(await page.locator(".json li").count() < 500);
    await page.getByRole("button", { name: /more of 59,900/ }).click();
    await page.getByRole("button", { name: /more of 59,800/ }).waitFor();
  });

  inDashboard("copying takes the exact text", async (page, context) => {
    await context.grantPermissions(["clipboard-write"]);
    // The page itself may not read the clipboard.
    const pasted = async () => {
      await page.locator("h1").focus();
      await page.keyboard.press("/");
      await page.getByRole("combobox").press("Control+V");
      const text = await page.getByRole("combobox").inputValue();
      await page.keyboard.press("Escape");
      return text;
    };
    const [id] = await makeJobs(world, { status: "completed", payload: `{"a": 0.1000}` });
    await go(page, `jobs/${id}`, "report");
    await page.getByRole("button", { name: "Copy the job id" }).click();
    assert.equal(await pasted(), id);
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
    assert.match(await pasted(), /0\.1000/);
  });

  inDashboard("a failed job is retried, a pending one cancelled, a finished one deleted; the page is live", async (page) => {
    const [id] = await makeJobs(world, { status: "failed", payload: failed() });
    await go(page, `jobs/${id}`, "report");
    await page.getByRole("button", { name: "Retry" }).click();
    await dialog(page).getByText(`job ${id.slice(0, 8)} of workflow report becomes pending`).waitFor();
    await world.checkAccessibility(page);
    await dialog(page).getByRole("button", { name: "Retry 1 job" }).click();
    await toast(page, `Retried job ${id.slice(0, 8)} of workflow report`).waitFor();
    await page.locator(".page-head").getByText("Pending").waitFor();
    assert.deepEqual(await world.query(`SELECT status FROM agent_jobs WHERE id = '${id}'`), ["pending"]);

    await page.getByText("Live", { exact: true }).waitFor();
    const { jobs: [claimed] } = await world.call("POST", "/v1/jobs:claim", { workflow_ids: ["report"] }, world.worker);
    assert.equal(claimed.job.id, id);
    await page.locator(".page-head").getByText("Processing").waitFor();
    await page.locator(".timeline").getByText("Attempt 2 runs").waitFor();
    await world.call("POST", `/v1/jobs/${id}:reportProgress`, { lease_token: claimed.lease_token, result_payload: { percent: 40 } }, world.worker);
    await page.getByLabel("Tree of the progress").getByText("percent: 40").waitFor();
    await checkLooks(world, page);

    await page.getByRole("button", { name: "Cancel job" }).click();
    await dialog(page).getByLabel("Reason").fill(`not needed ${SCRIPT}`);
    await world.checkAccessibility(page);
    await dialog(page).getByRole("button", { name: "Cancel 1 job" }).click();
    await page.locator(".notice.failed").filter({ hasText: `CANCELLED not needed ${SCRIPT}` }).waitFor();
    await toast(page, "Cancelled job").waitFor();

    await page.getByRole("button", { name: "Delete" }).click();
    await page.keyboard.press("Escape"); // nothing happens
    await dialog(page).waitFor({ state: "detached" });
    assert.deepEqual(await world.query("SELECT count(*) FROM agent_jobs"), ["1"]);
    await page.getByRole("button", { name: "Delete" }).click();
    await dialog(page).getByRole("button", { name: "Delete 1 job" }).click();
    await page.getByRole("heading", { name: "The job is deleted" }).waitFor();
    assert.deepEqual(await world.query("SELECT count(*) FROM agent_jobs"), ["0"]);
    await go(page, `jobs/${crypto.randomUUID()}`, /^Job/);
    await page.getByRole("heading", { name: "There is no such job" }).waitFor();
    await checkLooks(world, page);
  });

  inDashboard("an action that comes too late says why, with the request id", async (page) => {
    const [id] = await makeJobs(world, { status: "failed", payload: failed() });
    await go(page, `jobs/${id}`, "report");
    await page.getByRole("button", { name: "Retry" }).click();
    await world.query(`DELETE FROM agent_jobs WHERE id = '${id}'`);
    await dialog(page).getByRole("button", { name: "Retry 1 job" }).click();
    await dialog(page).getByText(/JOB_NOT_FOUND · request [0-9a-f-]{36}/).waitFor();
    await world.checkAccessibility(page);
  });

  inDashboard("a new job: fields are checked, the input while it is typed", async (page) => {
    await go(page, "jobs/new", "New job");
    await page.getByLabel("Input").fill(`{"a": 1,}`);
    await page.locator(".field .error").waitFor();
    assert.ok(await page.getByRole("button", { name: "Create job" }).isDisabled());
    await checkLooks(world, page);
    await page.getByLabel("Input").fill(`{"n": 10000000000000000000001}`);
    await page.getByText(/Valid JSON, 30 B/).waitFor();
    await workflowField(page).fill("x".repeat(101));
    await page.getByRole("button", { name: "Create job" }).click();
    await page.locator(".field").filter({ hasText: "Workflow" }).locator(".error").waitFor();
    await workflowField(page).fill("report");
    await page.getByLabel("Owner").fill("nobody@example.org");
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByText("No account has this email or id.").waitFor();
    await checkLooks(world, page);
    const person = await world.person();
    await page.getByLabel("Owner").fill(person.email);
    await choose(page, "After a delay");
    await page.getByLabel("Delay in minutes").fill("90");
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByRole("heading", { level: 1, name: "report" }).waitFor();
    await page.getByText("Attempt 1 waits for its time").waitFor();
    await page.getByLabel("Tree of the input").getByText("10000000000000000000001").waitFor();
    const [owner] = await world.query("SELECT user_id FROM agent_jobs");
    assert.equal(owner, person.id);

    await page.getByRole("link", { name: "Create a job like this one" }).click();
    await page.getByRole("heading", { name: "New job" }).waitFor();
    await until(page, () => document.querySelector("textarea").value.includes("10000000000000000000001"));
    assert.equal(await workflowField(page).inputValue(), "report");
    await choose(page, "At a time");
    await page.getByLabel(/^Not before/).fill("2027-01-31T12:00:00");
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByText("2027-01-31 12:00:00.000 UTC+01:00").first().waitFor();
  });

  inDashboard("text of strangers stays text", async (page) => {
    const workflow = `${RTL} ${SCRIPT}`.slice(0, 100);
    const payload = failed({ input: { [SCRIPT]: `${RTL}${SCRIPT}` }, code: "BAD_ROW", message: `${SCRIPT}${RTL}` });
    const [id] = await makeJobs(world, { workflow, status: "failed", payload });
    await page.getByRole("cell", { name: workflow, exact: true }).waitFor();
    await checkLooks(world, page);
    await go(page, "jobs", "Jobs");
    await jobRow(page, id).getByText(workflow).waitFor();
    await checkLooks(world, page);
    await go(page, `jobs/${id}`, workflow);
    await page.getByLabel("Tree of the input").getByText(SCRIPT).first().waitFor();
    await checkLooks(world, page);
    await page.getByRole("button", { name: "Retry" }).click();
    await dialog(page).getByText(SCRIPT.slice(0, 30)).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.equal(await page.locator("#app script, #app img").count(), 0);
  });

  inDashboard("two tabs see the same", async (page, context) => {
    const [id] = await makeJobs(world, {});
    await go(page, "jobs", "Jobs");
    await page.getByText("Live", { exact: true }).waitFor();
    const other = await context.newPage();
    await world.logInTo(other);
    await go(other, `jobs/${id}`, "report");
    await other.getByRole("button", { name: "Cancel job" }).click();
    await dialog(other).getByRole("button", { name: "Cancel 1 job" }).click();
    await jobRow(page, id).getByText("Failed").waitFor();
  });

  inDashboard("a service that goes away is missed, and found again", async (page) => {
    const [id] = await makeJobs(world, {});
    await go(page, "jobs", "Jobs");
    await page.getByText("Live", { exact: true }).waitFor();
    await world.stopService("job_service");
    await page.getByText("Reconnecting…").waitFor();
    await go(page, "", "Overview");
    await page.getByRole("alert").getByText("The service is not reachable.").waitFor();
    await page.getByText(/user_serviceanswers in/).waitFor();
    await checkLooks(world, page);
    await go(page, `jobs/${id}`, /^Job/);
    await page.getByRole("alert").getByText(/UNAVAILABLE · request [0-9a-f-]{36}/).waitFor();
    await world.up();
    await page.getByRole("heading", { level: 1, name: "report" }).waitFor();
    await page.goBack();
    await page.getByText(/job_serviceanswers in/).waitFor();
  }, { allowed: [/\b50[234]\b/, /net::ERR/] });
});
