// What the tests of the dashboard share: how to walk through it, how to look at it, and rows for it.
import assert from "node:assert/strict";

// Text of strangers: markup that would run, and letters that turn the direction of what follows.
export const SCRIPT = `<script>globalThis.ran = true</script><img src=x onerror="globalThis.ran = true">`;
export const RTL = "\u202eשלום عالم\u2067";

/** Goes to a page of the dashboard, such as "jobs?status=failed", and waits for its heading. Keeps the session. */
export async function go(page, where, heading) {
  await page.evaluate((hash) => { location.hash = hash; }, `#/${where}`);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Waits until the condition holds in the page. */
export function until(page, condition, argument) {
  return page.waitForFunction(condition, argument);
}

/** Waits until the locator finds exactly `count` elements. */
export async function hasCount(locator, count) {
  if (count > 0) await locator.nth(count - 1).waitFor();
  await locator.nth(count).waitFor({ state: "detached" });
}

/** The rows of the list of jobs, without those that stand for rows that load. */
export function jobRows(page) {
  return page.locator("table.jobs tbody tr:not(.skeleton)");
}

export function jobRow(page, id) {
  return jobRows(page).filter({ has: page.locator(`a.row-link[href="#/jobs/${id}"]`) });
}

export function dialog(page) {
  return page.getByRole("dialog");
}

export function toast(page, text) {
  return page.locator(".toast").filter({ hasText: text });
}

/** What is on the screen is accessible in both themes, and fits into 320 pixels: a window of 1,280 at 400 %. */
export async function checkLooks(world, page) {
  const size = page.viewportSize();
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await world.checkAccessibility(page);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  await checkReflow(page);
  await page.setViewportSize(size);
}

/** Nothing needs scrolling in two directions, except what has its own scroll bar. */
export async function checkReflow(page) {
  const wide = await page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const wider = (one) => one.getBoundingClientRect().right > innerWidth + 1;
    const innermost = [...document.querySelectorAll("body *")].filter((one) => wider(one) && ![...one.children].some(wider));
    return innermost.slice(0, 5).map((one) => one.outerHTML.slice(0, 200));
  });
  assert.deepEqual(wide, []);
}

/** Presses Tab until the focus is back at the start; returns the names of the stops. */
export async function tabStops(page, most = 200) {
  const names = [];
  for (let stops = 0; stops < most; stops += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return undefined;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const covered = element.matches("label input") ? element.closest("label") : element;
      return {
        name: (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent).trim(),
        shown: box.width > 0 && box.height > 0 && covered !== null,
        outlined: style.outlineStyle !== "none" || [...element.parentElement.children].some((one) => getComputedStyle(one).outlineStyle !== "none"),
      };
    });
    if (stop === undefined) return names;
    assert.ok(stop.shown && stop.outlined, `the focus at "${stop.name}" is not visible`);
    names.push(stop.name);
  }
  throw new Error(`the focus does not come back: ${names.join(", ")}`);
}

/** Text as a literal of SQL. */
export function quote(text) {
  return text === null ? "NULL" : `$text$${text}$text$`;
}

/**
 * Makes jobs by SQL; returns their ids, the newest first. The jobs are `ageSeconds` old, and each is a second older than the one before.
 * `quiet` keeps the change events from the services, and is fast.
 */
export function makeJobs(world, { number = 1, workflow = "report", status = "pending", userId = world.superuser.id, payload = null, ageSeconds = 60, quiet = false }) {
  const json = payload === null || typeof payload === "string" ? payload : JSON.stringify(payload);
  return world.query(`${quiet ? "SET session_replication_role = replica; " : ""}
    WITH made AS (
      INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at, updated_at)
      SELECT gen_random_uuid(), ${quote(userId)}, ${quote(workflow)}, ${quote(status)}, ${quote(json)}, t, t
      FROM (SELECT now() - interval '1 second' * (${ageSeconds} + n) AS t FROM generate_series(1, ${number}) AS n) AS times
      RETURNING id, created_at)
    SELECT id FROM made ORDER BY created_at DESC LIMIT 1000`);
}

/** The payload of a job that has failed `attempts` times. */
export function failed({ input = { rows: 10 }, attempts = 1, code = "BAD_ROW", message = "row 7 has no date" } = {}) {
  const errors = Array.from({ length: attempts }, (_, index) => ({ attempt: index + 1, time: "2026-11-30T12:00:00.000000Z", code, message, token: 1 }));
  return { vibestack_job: 1, input, attempts, errors, error: { code, message, details: {} } };
}

export function removeJobs(world) {
  return world.query("SET session_replication_role = replica; DELETE FROM agent_jobs");
}

/** Listens to the calls of the page: "ListJobs", "GetUser", … */
export function callsOf(page) {
  const calls = [];
  page.on("request", (request) => {
    const [, method] = request.url().match(/\/vibestack\.[\w.]+\/(\w+)$/) ?? [];
    if (method) calls.push(method);
  });
  return calls;
}
