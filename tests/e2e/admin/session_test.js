// What ends a session of the dashboard, what does not, and what a tab does while a service is away or nobody looks.
import assert from "node:assert/strict";
import test from "node:test";

import { World } from "./fixture.js";

test.describe("sessions", () => {
  let world;
  test.before(async () => { world = await World.start({ VIBESTACK_ACCESS_TOKEN_TTL: "5s" }); });
  test.after(() => world?.stop());

  /** Logs a new superuser in. */
  const enter = async (page) => {
    const person = await world.person();
    await world.query(`UPDATE users SET is_superuser = true WHERE id = '${person.id}'`);
    await world.logInTo(page, person);
    return person;
  };

  const makeJob = async () => {
    const { access_token: token } = await world.logIn(world.superuser.email);
    return (await world.call("POST", "/v1/jobs", { workflow_id: "report" }, token)).id;
  };

  for (const [what, change, reason] of [
    ["a ban", "is_active = false", "Your account has been banned or deleted."],
    ["a demotion", "is_superuser = false", "Your account is no longer a superuser"],
  ]) {
    test(`${what} ends the session by itself, and the log-in page says why`, (t) => world.inBrowser(t, {}, async (page) => {
      const person = await enter(page);
      await page.goto(`${world.url}/admin/#/jobs`);
      await page.getByText("Live", { exact: true }).waitFor();
      await world.query(`UPDATE users SET ${change} WHERE id = '${person.id}'`);
      await page.getByText(reason).waitFor();
      await page.getByRole("heading", { name: "Log in" }).waitFor();
      await world.checkAccessibility(page);
      assert.match(page.url(), /#\/jobs$/);
    }));
  }

  test("the tokens are renewed before they expire, once for all calls", (t) => world.inBrowser(t, {}, async (page) => {
    await enter(page);
    const times = [];
    page.on("request", (request) => { if (request.url().endsWith("/RefreshToken")) times.push(Date.now()); });
    await page.goto(`${world.url}/admin/#/`);
    for (let renewals = 0; renewals < 2; renewals += 1) await page.waitForRequest(/RefreshToken/);
    await page.getByText("answers in").first().waitFor();
    assert.ok(times[1] - times[0] > 3000, `${times}`);
  }));

  test("a session in two tabs is two sessions", (t) => world.inBrowser(t, {}, async (page, context) => {
    await enter(page);
    const other = await context.newPage();
    await other.goto(`${world.url}/admin/`);
    await other.getByRole("heading", { name: "Log in" }).waitFor();
    await world.logInTo(other);
    await other.getByRole("button", { name: /^Your menu/ }).click();
    await other.getByRole("button", { name: "Log out" }).click();
    await other.getByText("You have logged out.").waitFor();
    await page.goto(`${world.url}/admin/#/users`);
    await page.getByRole("heading", { name: "Users" }).waitFor();
  }));

  test("nobody at the page for half an hour means a warning and then the end", (t) => world.inBrowser(t, {}, async (page) => {
    await page.clock.install();
    await enter(page);
    await page.clock.fastForward("28:30");
    await page.getByRole("dialog", { name: "Are you still here?" }).waitFor();
    await world.checkAccessibility(page);
    await page.getByRole("button", { name: "Stay logged in" }).click();
    await page.clock.fastForward("28:30");
    await page.getByRole("dialog", { name: "Are you still here?" }).waitFor();
    await page.clock.fastForward("02:00");
    await page.getByText("Nobody used the page for half an hour").waitFor();
  }));

  test("a token that expires early is renewed when it is refused", (t) => world.inBrowser(t, { allowed: [/401/] }, async (page) => {
    await enter(page);
    await page.getByText("answers in").first().waitFor();
    // The clock of the page stands still, so the page does not see that the token gets old.
    await page.clock.setFixedTime(await page.evaluate(() => Date.now()));
    await page.waitForRequest(/RefreshToken/);
    await page.goto(`${world.url}/admin/#/jobs`);
    await page.getByText("Live", { exact: true }).waitFor();
  }));

  test("a hidden tab makes no call and holds no stream", (t) => world.inBrowser(t, {}, async (page) => {
    await page.clock.install();
    await enter(page);
    const open = new Set();
    page.on("request", (request) => open.add(request));
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => open.delete(request));
    const hide = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    const settled = () => new Promise((resolve) => {
      const look = () => (open.size === 0 ? resolve() : setImmediate(look));
      look();
    });
    for (const [where, shown, call] of [["", "answers in", /GetJobStats/], ["jobs", "Live", /WatchJobs/], [`jobs/${await makeJob()}`, "Live", /WatchJob$/]]) {
      await page.goto(`${world.url}/admin/#/${where}`);
      await page.getByText(shown).first().waitFor();
      await hide(true);
      await settled();
      const made = [];
      const note = (request) => made.push(request.url());
      page.on("request", note);
      await page.clock.runFor("05:00");
      await page.evaluate(() => 0); // requests that were made are known by now
      page.off("request", note);
      assert.deepEqual(made, []);
      const asked = page.waitForRequest(call);
      await hide(false);
      await asked;
    }
  }));

  test("a service that is away is named, and the page goes on when it is back", (t) =>
    world.inBrowser(t, { allowed: [/503/] }, async (page) => {
      await enter(page);
      await page.getByText("answers in").nth(1).waitFor();
      await world.stopService("job_service");
      await page.getByText("The service is not reachable.").first().waitFor();
      await world.checkAccessibility(page);
      await page.goto(`${world.url}/admin/#/jobs`);
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await world.up();
      await page.getByText("Live", { exact: true }).waitFor();
    }));
});
