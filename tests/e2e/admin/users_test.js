// The dashboard's pages about users, the reader's account and tokens.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { World } from "./fixture.js";

const HOSTILE = "<img src=x onerror=alert(1)> \u202eשלום";

test.describe("users", () => {
  let world;
  test.before(async () => { world = await World.start(); });
  test.after(() => world?.stop());

  const open = async (page, hash) => {
    await world.logInTo(page);
    await page.goto(`${world.url}/admin/${hash}`);
  };
  const confirm = async (page, ask, action) => {
    await page.getByRole("button", { name: ask }).click();
    await page.getByRole("dialog").getByRole("button", { name: action, exact: true }).click();
  };

  test("a new user has its field errors at the fields, and is then there", (t) => world.inBrowser(t, {}, async (page) => {
    const { email: taken } = await world.person();
    await open(page, "#/users/new");
    await page.getByLabel("Email").fill(taken);
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create user" }).click();
    await page.getByText("Must have 8 to 72 bytes.").waitFor();
    await page.getByLabel("Password").fill(world.password);
    await page.getByRole("button", { name: "Create user" }).click();
    await page.getByText("Another account has this email.").waitFor();
    await world.checkAccessibility(page);
    const email = `${crypto.randomUUID()}@example.org`;
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Full name").fill(HOSTILE);
    await page.getByRole("button", { name: "Create user" }).click();
    await page.getByRole("heading", { name: email }).waitFor();
    assert.equal(await page.getByLabel("Full name").inputValue(), HOSTILE);

    await page.goto(`${world.url}/admin/#/users`);
    await page.getByLabel("Email starts with").fill(email.slice(0, 12).toUpperCase());
    await page.waitForFunction(() => document.querySelectorAll("tbody tr:not(.skeleton)").length === 1);
    await page.getByText(HOSTILE).waitFor();
    await page.getByRole("radio", { name: "Inactive" }).check({ force: true });
    await page.getByRole("heading", { name: "No users match" }).waitFor();
  }));

  test("a user is edited, banned, restored, promoted and demoted", (t) => world.inBrowser(t, {}, async (page) => {
    const person = await world.person();
    await open(page, `#/users/${person.id}`);
    await page.getByLabel("Biography").fill(HOSTILE);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`Saved the account of ${person.email}.`).waitFor();
    await confirm(page, "Ban", "Ban 1 user");
    await page.getByText("Inactive", { exact: true }).waitFor();
    await confirm(page, "Restore", "Restore 1 user");
    await page.getByText("Active", { exact: true }).waitFor();
    await page.getByRole("button", { name: "More" }).click();
    await world.checkAccessibility(page);
    await confirm(page, "Make a superuser…", "Make a superuser");
    await page.getByText("Superuser", { exact: true }).waitFor();
    await page.getByRole("button", { name: "More" }).click();
    await confirm(page, "Make a plain user…", "Make a plain user");
    await page.getByText("Superuser", { exact: true }).waitFor({ state: "detached" });
    await confirm(page, "Send reset mail", "Send 1 mail");
    await page.getByText(`Asked for a reset mail to ${person.email}.`).waitFor();
  }));

  test("the refusal of the last superuser reads well", (t) => world.inBrowser(t, {}, async (page) => {
    await open(page, `#/users/${world.superuser.id}`);
    // deploy/local/up makes a superuser, too.
    await world.query(`UPDATE users SET is_superuser = false WHERE id <> '${world.superuser.id}'`);
    await confirm(page, "Ban", "Ban 1 user");
    await page.getByText("This is the last active superuser").waitFor();
    await page.getByText("LAST_SUPERUSER").waitFor();
    await world.checkAccessibility(page);
  }));

  test("a user is exported with exact digits, and erased when the email is typed", (t) => world.inBrowser(t, {}, async (page) => {
    const person = await world.person();
    await world.query(`INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload)
      SELECT gen_random_uuid(), '${person.id}', 'export', 'completed', '{"n": 12345678901234567890.10}' FROM generate_series(1, 2000)`);
    await open(page, `#/users/${person.id}`);
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("dialog").getByRole("button", { name: "Export", exact: true }).click();
    const text = fs.readFileSync(await (await download).path(), "utf8");
    await page.getByText("Saved the account and 2,000 jobs.").waitFor();
    assert.equal(JSON.parse(text).user.email, person.email);
    assert.equal(text.split("12345678901234567890.10").length, 2001);
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Erase with all jobs…" }).click();
    const erase = page.getByRole("button", { name: "Erase 1 user and all its jobs" });
    await page.getByLabel("Type the email").fill("somebody@example.org");
    assert.ok(await erase.isDisabled());
    await world.checkAccessibility(page);
    await page.getByLabel("Type the email").fill(person.email);
    await erase.click();
    await page.getByText(`Erased ${person.email} and 2,000 jobs.`).waitFor();
    assert.deepEqual(await world.query(`SELECT count(*) FROM users WHERE id = '${person.id}'`), ["0"]);
  }));

  test("a token is inspected, and a wrong one too", (t) => world.inBrowser(t, {}, async (page) => {
    const { token, email } = await world.person();
    await open(page, "#/token");
    await page.getByLabel("Paste a token").fill(token);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("Valid: the services take this token now.").waitFor();
    await page.getByText(email).waitFor();
    await world.checkAccessibility(page);
    await page.getByLabel("Paste a token").fill(`${token}x`);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("Not valid: no service takes this token.").waitFor();
    assert.ok(!page.url().includes(token.slice(0, 8)));
  }));

  test("a changed password ends the other sessions, and this one goes on", (t) => world.inBrowser(t, {}, async (page, context) => {
    const email = `${crypto.randomUUID()}@example.org`;
    await world.logInTo(page);
    await page.goto(`${world.url}/admin/#/users/new`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(world.password);
    await page.getByLabel("Superuser").check();
    await page.getByRole("button", { name: "Create user" }).click();
    await page.getByRole("heading", { name: email }).waitFor();
    const [mine, other] = [await context.newPage(), await context.newPage()];
    for (const one of [mine, other]) await world.logInTo(one, { email, password: world.password });
    await mine.goto(`${world.url}/admin/#/account`);
    await mine.getByLabel("Current password").fill("a wrong password");
    await mine.getByLabel("New password", { exact: true }).fill("another password");
    await mine.getByLabel("New password again").fill("another password");
    await mine.getByRole("button", { name: "Change password" }).click();
    await mine.getByText("The password is wrong.").waitFor();
    await mine.getByLabel("Current password").fill(world.password);
    await mine.getByRole("button", { name: "Change password" }).click();
    await mine.getByText("All your other sessions have ended.").waitFor();
    await other.getByText("Your session has ended").waitFor();
    await mine.goto(`${world.url}/admin/#/users`);
    await mine.getByRole("link", { name: email }).waitFor();
  }));
});
