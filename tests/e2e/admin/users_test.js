// The dashboard's pages about users, the reader's account and tokens.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { RTL, SCRIPT, checkLooks, go, hasCount, makeJobs, quote } from "./dashboard.js";
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

  test("the list is searched by email and name, and filtered; the address keeps it, and pages go forth and back", (t) => world.inBrowser(t, {}, async (page) => {
    const rows = page.locator("table.people tbody tr:not(.skeleton)");
    await world.query(`INSERT INTO users (id, email, hashed_password, full_name, is_active, is_superuser, created_at)
      SELECT gen_random_uuid(), 'list' || n || '@example.net', '!', CASE WHEN n <= 60 THEN 'Zoe ' ELSE 'Yan ' END || n, n <> 7, n = 8, now() - n * interval '1 hour'
      FROM generate_series(1, 110) n`);
    await open(page, "#/users");
    await page.getByLabel("Email starts with").fill("LIST");
    await page.waitForURL(/prefix=LIST/);
    await hasCount(rows, 50);
    await page.getByRole("radio", { name: "Name", exact: true }).check();
    await page.getByLabel("Name starts with").fill("zoe");
    await page.waitForURL(/by=name&prefix=zoe/);
    await rows.filter({ hasText: "Zoe 1" }).first().waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await hasCount(rows, 10);
    await page.getByRole("button", { name: "Previous" }).click();
    await hasCount(rows, 50);
    await page.getByRole("radio", { name: "Inactive" }).check();
    await hasCount(rows, 1);
    await rows.getByText("Zoe 7").waitFor();
    await checkLooks(world, page);
    await page.goBack();
    await hasCount(rows, 50);
    await page.getByRole("radio", { name: "Superusers" }).check();
    await hasCount(rows, 1);
    await page.goBack();
    await page.getByRole("button", { name: "Newest first" }).click();
    await rows.first().getByText("Zoe 60").waitFor();
    await page.getByRole("button", { name: "Created: Any time" }).click();
    await page.getByRole("button", { name: "Last hour" }).click();
    await page.getByRole("heading", { name: "No users match" }).waitFor();
    await checkLooks(world, page);
    await page.getByRole("link", { name: "Show all users" }).click();
    await rows.first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    const chosen = await rows.first().locator("a.row-link").getAttribute("href");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.hash === chosen);
  }));

  test("text of strangers stays text, in every field of a user", (t) => world.inBrowser(t, {}, async (page) => {
    const person = await world.person();
    const email = `"${RTL}<b>x</b>"@example.org`;
    await world.query(`UPDATE users SET email = ${quote(email)}, full_name = ${quote(`${RTL}${SCRIPT}`.slice(0, 100))}, bio = ${quote(`${SCRIPT}\n${RTL}`)} WHERE id = '${person.id}'`);
    await makeJobs(world, { userId: person.id, workflow: SCRIPT.slice(0, 100) });
    await open(page, `#/users/${person.id}`);
    await page.getByRole("heading", { level: 1, name: email }).waitFor();
    await page.locator(".job-list").getByText(SCRIPT.slice(0, 30)).waitFor();
    await checkLooks(world, page);
    for (const button of ["Send reset mail", "Export", "Ban"]) {
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("dialog").getByText(email).waitFor();
      await world.checkAccessibility(page);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      assert.equal(await page.evaluate(() => document.activeElement.textContent), button); // the focus comes back
    }
    await go(page, "users", "Users");
    await page.locator("table.people").getByText(email).waitFor();
    await checkLooks(world, page);
    await go(page, "jobs", "Jobs");
    await page.getByRole("table", { name: "Jobs" }).getByText(email).waitFor();
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.equal(await page.locator("#app script, #app img, bdi b").count(), 0);
  }));

  test("an email that is taken is told at the field; one's own needs the password", (t) => world.inBrowser(t, {}, async (page) => {
    const [one, other] = [await world.person(), await world.person()];
    await open(page, `#/users/${one.id}`);
    await page.getByRole("textbox", { name: "Email" }).fill(other.email);
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".field .error").getByText("Another account has this email.").waitFor();
    await checkLooks(world, page);
    const mine = await world.person();
    await world.query(`UPDATE users SET is_superuser = true WHERE id = '${mine.id}'`);
    await page.getByRole("button", { name: /^Your menu/ }).click();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await world.logInTo(page, mine);
    await go(page, "account", "My account");
    await page.getByLabel("Full name").fill("Ada");
    await page.getByRole("textbox", { name: "Email" }).fill(`new-${mine.email}`);
    await page.getByLabel("Your password").fill("not the password");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".field .error").getByText("The password is wrong.").waitFor();
    await checkLooks(world, page);
    await page.getByLabel("Your password").fill(mine.password);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`Saved the account of new-${mine.email}.`).waitFor();
    await page.getByRole("button", { name: `Your menu: new-${mine.email}` }).waitFor();
    assert.deepEqual(await world.query(`SELECT full_name FROM users WHERE id = '${mine.id}'`), ["Ada"]);
  }));

  test("the jump box finds users, jobs, workflows and pages; shortcuts can be turned off", (t) => world.inBrowser(t, {}, async (page) => {
    const person = await world.person();
    const [job] = await makeJobs(world, { userId: person.id, workflow: "jumped" });
    await open(page, "#/");
    await page.getByText(/job_service\s*answers in/).waitFor();
    const jump = async (text, option, hash) => {
      await page.locator("h1").focus();
      await page.keyboard.press("/");
      await page.getByRole("combobox", { name: /^A job/ }).fill(text);
      await page.getByRole("option", { name: option }).first().waitFor();
      await world.checkAccessibility(page);
      await page.getByRole("option", { name: option }).first().click();
      await page.waitForURL((url) => url.hash === hash);
    };
    await jump(person.email, /user$/, `#/users/${person.id}`);
    await jump(job, /job, pending$/, `#/jobs/${job}`);
    await jump(person.id, /user$/, `#/users/${person.id}`);
    await jump("token", /Token inspector/, "#/token");
    await jump("jumped", /jobs of this workflow/, "#/jobs?workflow=jumped");
    await page.getByRole("heading", { level: 1, name: "Jobs" }).focus();
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: /^A job/ }).fill(crypto.randomUUID());
    await page.getByText("Nothing has this id.").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    const shortcuts = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await shortcuts.waitFor();
    await checkLooks(world, page);
    await shortcuts.getByRole("checkbox").uncheck();
    await page.keyboard.press("Escape");
    await shortcuts.waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.keyboard.press("/");
    assert.equal(await page.getByRole("dialog").count(), 0);
  }));

  test("an inspected token goes to IntrospectToken only", (t) => world.inBrowser(t, {}, async (page) => {
    const tokens = await world.logIn((await world.person()).email);
    await open(page, "#/token");
    const bearers = [];
    page.on("request", (request) => {
      if ((request.postData() ?? "").includes(tokens.refresh_token) || JSON.stringify(request.headers()).includes(tokens.refresh_token)) bearers.push(request.url().split("/").at(-1));
    });
    await page.getByLabel("Paste a token").fill(`Bearer ${tokens.refresh_token}`);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.locator(".facts").getByText(/^refresh/).waitFor();
    await checkLooks(world, page);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("Paste a token to see").waitFor();
    assert.deepEqual(bearers, ["IntrospectToken"]);
  }));
});
