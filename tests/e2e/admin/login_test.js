// Logging in to the dashboard.
import assert from "node:assert/strict";
import test from "node:test";

import { World } from "./fixture.js";

test.describe("log-in", () => {
  let world;
  test.before(async () => { world = await World.start(); });
  test.after(() => world?.stop());

  for (const colorScheme of ["light", "dark"]) {
    test(`a superuser sees the overview, ${colorScheme}`, (t) => world.inBrowser(t, { colorScheme }, async (page) => {
      await page.goto(`${world.url}/admin`);
      await page.getByRole("heading", { name: "Log in" }).waitFor();
      await world.checkAccessibility(page);
      await world.logInTo(page);
      await world.checkAccessibility(page);
      assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""]);
      assert.ok(!page.url().includes("ey"));
    }));
  }

  test("a plain user is told that the page is for superusers", (t) => world.inBrowser(t, {}, async (page) => {
    await world.logInTo(page, await world.person(), page.getByText(/This page is for superusers/));
    assert.equal(await page.getByRole("navigation").count(), 0);
  }));

  test("text never becomes HTML or a script", (t) => world.inBrowser(t, { allowed: [/./] }, async (page) => {
    await page.goto(`${world.url}/admin/`);
    const made = await page.evaluate(() => {
      const tried = {};
      try { document.body.innerHTML = "<p>text</p>"; tried.html = true; } catch { tried.html = false; }
      const script = document.createElement("script");
      try { script.text = "globalThis.ran = true"; document.body.append(script); } catch { /* refused */ }
      return { ...tried, ran: globalThis.ran === true };
    });
    assert.deepEqual(made, { html: false, ran: false });
  }));
});
