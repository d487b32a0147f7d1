// Logging in to the dashboard.
import assert from "node:assert/strict";
import test from "node:test";

import { checkLooks, go } from "./dashboard.js";
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

  test("a wrong password is told at the form, and gives nothing away", (t) => world.inBrowser(t, {}, async (page) => {
    const wrong = { ...world.superuser, password: "not the password" };
    await world.logInTo(page, wrong, page.getByRole("alert").getByText(/INVALID_CREDENTIALS/));
    const known = await page.getByRole("alert").locator("p").first().innerText();
    await checkLooks(world, page);
    await page.getByLabel("Email").fill("nobody@example.org");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForFunction((before) => document.querySelector("[role=alert] code:last-of-type")?.textContent !== before, "");
    assert.equal(await page.getByRole("alert").locator("p").first().innerText(), known);
    await page.getByLabel("Password").fill(world.password);
    await page.getByLabel("Email").fill(world.superuser.email);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }));

  test("tokens are in no storage, address or request line, whatever the reader does", (t) => world.inBrowser(t, {}, async (page, context) => {
    const sent = [];
    page.on("request", (request) => sent.push(request.url()));
    await world.logInTo(page);
    await go(page, "users", "Users");
    await page.getByRole("button", { name: /^Your menu/ }).click();
    await page.getByRole("radio", { name: "Dark" }).check();
    await page.keyboard.press("Escape");
    await go(page, "token", "Token inspector");
    const { access_token: token } = await world.logIn(world.superuser.email);
    await page.getByLabel("Paste a token").fill(token);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("Valid: the services take this token now.").waitFor();
    const state = await context.storageState({ indexedDB: true });
    assert.ok(state.origins.length > 0); // the theme
    assert.doesNotMatch(JSON.stringify([state, sent, page.url()]), /eyJ/);
    assert.equal(await page.evaluate(() => history.state), null);
    await page.reload();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  }));

  test("the page has at most 150 KiB of JavaScript and CSS, compressed, and is not sent again", (t) => world.inBrowser(t, {}, async (page) => {
    const sizes = () => page.evaluate(() => performance.getEntriesByType("resource").filter((one) => /\.(js|css)$/.test(one.name))
      .map((one) => ({ sent: one.transferSize, compressed: one.encodedBodySize, size: one.decodedBodySize })));
    const sum = (all, key) => all.reduce((total, one) => total + one[key], 0);
    await page.goto(`${world.url}/admin/`);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    const first = await sizes();
    assert.ok(first.length >= 2);
    assert.ok(sum(first, "compressed") <= 150 * 1024, `${sum(first, "compressed")} bytes`);
    assert.ok(sum(first, "compressed") < 0.5 * sum(first, "size"));
    await page.goto("about:blank");
    await page.goto(`${world.url}/admin/`);
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    assert.equal(sum(await sizes(), "sent"), 0);
  }));

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
