// Every page of the dashboard: no violation of WCAG 2.2 AA, no scrolling to the side at any width, the focus in order, in both themes.
import assert from "node:assert/strict";
import test from "node:test";

import { World } from "./fixture.js";

const PAGES = ["#/", "#/jobs", "#/jobs?workflow=none", "#/jobs/new", "#/users", "#/users/new", "#/account", "#/token", "#/nowhere"];
const FORMS = [
  { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { colorScheme: "light", viewport: { width: 320, height: 640 } },
  { colorScheme: "dark", viewport: { width: 3840, height: 2160 } },
];

test.describe("pages", () => {
  let world;
  let job;
  let user;
  test.before(async () => {
    world = await World.start();
    user = await world.person();
    const { access_token: token } = await world.logIn(world.superuser.email);
    job = await world.call("POST", "/v1/jobs", { workflow_id: "a".repeat(100), user_id: user.id, input: { text: "w".repeat(500) } }, token);
  });
  test.after(() => world?.stop());

  for (const form of FORMS) {
    test(`all pages are accessible: ${form.colorScheme}, ${form.viewport.width} pixels`, (t) => world.inBrowser(t, form, async (page) => {
      await world.logInTo(page, world.superuser, page.locator("#main h1"));
      for (const hash of [...PAGES, `#/jobs/${job.id}`, `#/users/${user.id}`]) {
        await page.goto(`${world.url}/admin/${hash}`);
        await page.locator("#main h1").waitFor();
        await page.waitForFunction(() => document.querySelector(".skeleton, [aria-busy=true]") === null);
        await world.checkAccessibility(page);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `${hash} is ${wider} pixels too wide`);
      }
    }));
  }

  test("the focus goes through the frame, then the page, and starts at the heading after a change of page", (t) =>
    world.inBrowser(t, {}, async (page) => {
      await world.logInTo(page);
      await page.getByRole("link", { name: "Users" }).click();
      await page.getByRole("heading", { name: "Users" }).waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === "H1");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), "New user");
      await page.evaluate(() => document.querySelector(".skip").focus());
      const seen = [];
      for (let step = 0; step < 8; step += 1) {
        seen.push(await page.evaluate(() => document.activeElement?.textContent?.trim()));
        await page.keyboard.press("Tab");
      }
      assert.deepEqual(seen.slice(0, 7), ["Skip to the content", "Vibe-Stack admin", "Go to…/", "Overview", "Jobs", "Users", "Token inspector"]);
    }));

  test("theme and time zone are chosen, and stay", (t) => world.inBrowser(t, { colorScheme: "light" }, async (page) => {
    await world.logInTo(page);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: /^Your menu/ }).click();
    await page.getByRole("radio", { name: "Dark" }).check({ force: true });
    await page.getByRole("radio", { name: "UTC" }).check({ force: true });
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    assert.equal(await ground(), dark);
    await world.logInTo(page);
    await page.goto(`${world.url}/admin/#/jobs/${job.id}`);
    await page.getByText(/\.\d{3} UTC$/).or(page.getByText(/\.\d{3} UTC /)).first().waitFor();
  }));
});
