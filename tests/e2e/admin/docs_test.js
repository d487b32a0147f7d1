// The page at /docs: its calls work as they come.
import assert from "node:assert/strict";
import test from "node:test";

import { World } from "./fixture.js";

// Mails carry their tokens.
const NEED_A_MAIL = ["ConfirmSignUp", "ResetPassword"];

test.describe("/docs", () => {
  let world;
  let operations;
  test.before(async () => {
    world = await World.start();
    const document = await world.call("GET", "/openapi.json");
    operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  });
  test.after(() => world?.stop());

  /** Returns the names of the operations that need no id and that the caller may call; the new password comes last. */
  function callsOf(caller) {
    const names = operations
      .filter((one) => one.parameters.every((parameter) => !parameter.required || parameter.example))
      .filter((one) => one.security.length === 0 || new RegExp(`May be called by.*${caller}`).test(one.description))
      .map((one) => one.operationId)
      .filter((name) => !NEED_A_MAIL.includes(name));
    return [...names.filter((name) => name !== "ChangePassword"), "ChangePassword"];
  }

  /** Executes a call as it stands on the page; returns the status of its answer. */
  async function execute(page, name) {
    const { tags: [tag] } = operations.find((one) => one.operationId === name);
    const block = page.locator(`#operations-${tag}-${name}`);
    const button = block.getByRole("button", { name: "Execute" });
    // Not a real click: that would wait for the long page to stand still.
    const toggle = () => block.locator(".opblock-summary-control").dispatchEvent("click");
    if (!(await button.isVisible())) await toggle();
    await button.dispatchEvent("click");
    const status = block.locator(".live-responses-table .response .response-col_status");
    await status.waitFor();
    const answer = { status: (await status.innerText()).split("\n")[0], text: await block.locator(".live-responses-table").innerText() };
    await toggle();
    return answer;
  }

  async function open(page) {
    await page.goto(`${world.url}/docs`);
    await page.locator("#operations-AuthService-SignUp").waitFor();
  }

  test("every call without an id works as it comes after SignUp and Login", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page);
    assert.equal((await execute(page, "SignUp")).status, "200");
    assert.equal(await page.getByLabel("Access token").inputValue(), "");
    assert.equal((await execute(page, "Login")).status, "200");
    assert.match(await page.getByLabel("Access token").inputValue(), /^ey.*\..*\./);
    const names = callsOf("signed-in users").filter((name) => !["SignUp", "Login"].includes(name));
    assert.ok(names.length > 10, names.join());
    for (const name of names) {
      const { status, text } = await execute(page, name);
      assert.equal(status, "200", `${name}: ${text}`);
      if (name === "WatchJobs") assert.match(text, /"caught_up":true/);
    }
    // The new password ended the old tokens; the field has the new one.
    assert.equal((await execute(page, "GetUser")).status, "200");
  }));

  test("every call for superusers works with a pasted token", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page);
    assert.equal((await execute(page, "SignUp")).status, "200");
    const { access_token: token } = await world.logIn(world.superuser.email);
    await page.getByLabel("Access token").fill(token);
    await page.getByText(/^valid until/).waitFor();
    const names = callsOf("superusers").filter((name) => !callsOf("signed-in users").includes(name));
    assert.ok(names.length > 4, names.join());
    for (const name of names) {
      const { status, text } = await execute(page, name);
      assert.equal(status, "200", `${name}: ${text}`);
    }
  }));

  test("has one field for the token and no other log-in", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page);
    assert.equal(await page.getByRole("button", { name: /authoriz/i }).count(), 0);
    await page.getByLabel("Access token").fill("nonsense");
    await page.getByText("not a token").waitFor();
  }));

  test("is dark where the system is dark", async (t) => {
    const brightness = {};
    for (const colorScheme of ["light", "dark"]) {
      await world.inBrowser(t, { colorScheme }, async (page) => {
        await open(page);
        brightness[colorScheme] = await page.evaluate(() => [document.body, document.querySelector(".info .title")].map((element) => {
          const style = getComputedStyle(element);
          const color = element === document.body ? getComputedStyle(document.documentElement).backgroundColor : style.color;
          return Math.max(...color.match(/\d+/g).slice(0, 3).map(Number));
        }));
      });
    }
    assert.ok(brightness.light[1] < 100 && brightness.dark[1] > 150, JSON.stringify(brightness));
  });

  test("is not sent again while it has not changed", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page);
    const sizes = await page.evaluate(() => performance.getEntriesByType("resource").map((one) => [one.name, one.encodedBodySize, one.decodedBodySize]));
    const [, sent, size] = sizes.find(([name]) => name.includes("swagger-ui-bundle"));
    assert.ok(sent < 0.3 * size, `${sent} of ${size} bytes`);
    await open(page);
    const again = await page.evaluate(() => performance.getEntriesByType("resource").map((one) => [one.name, one.transferSize]));
    for (const [name, sent] of again) assert.ok(sent <= 300, `${name}: ${sent} bytes were sent again`);
  }));
});
