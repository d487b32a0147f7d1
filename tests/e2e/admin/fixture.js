// The fixture of the browser tests: real services behind the real gateway, and a real Chromium.
//
//   import test from "node:test";
//   import assert from "node:assert/strict";
//   import { World } from "./fixture.js";
//
//   test.describe("the list of jobs", () => {
//     let world;
//     test.before(async () => { world = await World.start({ VIBESTACK_ACCESS_TOKEN_TTL: "5s" }); });
//     test.after(() => world?.stop());
//     test("shows a new job", (t) => world.inBrowser(t, { colorScheme: "dark" }, async (page) => {
//       await world.logInTo(page);
//       …
//       await world.checkAccessibility(page);
//     }));
//   });
//
// `World.start(environment)` takes variables of the services and of the gateway; it costs some seconds, so share a world in a file.
// - `world.url`, `world.superuser` {id, email, password}, `world.worker` (a service token), `world.password` (of every account)
// - `world.call(verb, path, body, token)`: a REST call that must succeed; returns the parsed JSON
// - `world.person()`: a new plain user {id, email, password, token}; `world.logIn(email)`: its tokens
// - `world.stopService(name)` and `world.up(environment)`: a service goes away and comes back; `world.query(sql)`: SQL
// - `world.inBrowser(t, options, body)`: runs `body(page, context)` in a fresh browser context; `options` are those of Playwright's
//   newContext (colorScheme, viewport, locale, timezoneId, reducedMotion), and `allowed`: regular expressions of console errors that
//   the test causes on purpose, such as a 503. The test fails on every other console error or warning, page error, report of the
//   Content-Security-Policy, and request to another origin. If it fails, a screenshot is in .local/browser-tests/NAME.png.
// - `world.logInTo(page)`: opens the dashboard, logs in as the superuser, and waits for the navigation
// - `world.checkAccessibility(page, rules)`: axe-core finds no violation of WCAG 2.2 AA and of its best practices
//
// Wait for conditions with Playwright's locators (`locator.waitFor`, `page.waitForFunction`); never sleep.
// tests/e2e/CMakeLists.txt runs each file `NAME_test.js` as the test browser_NAME_e2etest.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";

const root = path.resolve(import.meta.dirname, "../../..");
const packages = createRequire(path.join(process.env.VIBESTACK_BROWSER_PACKAGES, "package.json"));
const { chromium, errors } = packages("playwright-core");
const axe = fs.readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

export const TimeoutError = errors.TimeoutError;
const TIMEOUT = 30_000; // milliseconds; a busy machine needs them

export class World {
  #process;
  #ended;
  #lines;
  #browser;

  static async start(environment = {}) {
    const world = new World();
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    world.#process = spawn(path.join(root, ".local/venv/bin/python"), ["-m", "tests.e2e.admin.world", ...settings], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    });
    world.#ended = new Promise((resolve) => world.#process.once("close", resolve));
    world.#lines = readline.createInterface({ input: world.#process.stdout })[Symbol.asyncIterator]();
    try {
      Object.assign(world, await world.#answer());
      world.#browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  async stop() {
    await this.#browser?.close();
    this.#process.stdin.end();
    await this.#ended;
  }

  async call(verb, where, body, token) {
    const headers = { ...(body && { "content-type": "application/json" }), ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(`${this.url}${where}`, { method: verb, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${verb} ${where}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  logIn(email) {
    return this.call("POST", "/v1/auth/login", { email, password: this.password });
  }

  async person() {
    const email = `${crypto.randomUUID()}@example.org`;
    const { id } = await this.call("POST", "/v1/auth/sign-up", { email, password: this.password });
    const { access_token: token } = await this.logIn(email);
    return { id, email, password: this.password, token };
  }

  stopService(name) {
    return this.#command({ stop: name });
  }

  up(environment = {}) {
    return this.#command({ up: environment });
  }

  query(sql) {
    return this.#command({ query: sql });
  }

  async inBrowser(t, { allowed = [], ...options }, body) {
    const context = await this.#browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
    const faults = await this.#watch(context, allowed);
    const page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    try {
      await body(page, context);
    } catch (error) {
      const file = path.join(root, ".local/browser-tests", `${t.name.replaceAll(/[^\w]+/g, "-")}.png`);
      await page.screenshot({ path: file, fullPage: true }).catch(() => {});
      if (faults.length) error.message += `\n${faults.join("\n")}`;
      throw error;
    } finally {
      await context.close();
    }
    assert.deepEqual(faults, []);
  }

  async logInTo(page, { email, password } = this.superuser, seen = page.getByRole("navigation").first()) {
    if (!page.url().startsWith(`${this.url}/admin/`)) await page.goto(`${this.url}/admin/`);
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await seen.waitFor();
  }

  async checkAccessibility(page, rules = {}) {
    // Through the debugger, so that the Content-Security-Policy does not stop it.
    const debug = await page.context().newCDPSession(page);
    await debug.send("Runtime.evaluate", { expression: axe });
    await debug.detach();
    const { violations } = await page.evaluate((given) => globalThis.axe.run(document, { rules: given, resultTypes: ["violations"] }), rules);
    assert.deepEqual(violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`), []);
  }

  /** Returns the list of what a page must not do; it grows while the context lives. */
  async #watch(context, allowed) {
    const faults = [];
    const note = (kind, text) => {
      if (!allowed.some((expression) => expression.test(text))) faults.push(`${kind}: ${text}`);
    };
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) note(message.type(), `${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => note("page error", String(error.error().stack)));
    context.on("request", (request) => {
      if (!/^(data|blob|about):/.test(request.url()) && !request.url().startsWith(`${this.url}/`)) note("foreign request", request.url());
    });
    await context.exposeBinding("noteViolation", (_, text) => note("CSP", text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        globalThis.noteViolation(`${event.violatedDirective}: ${event.blockedURI} ${event.sample} at ${event.sourceFile}:${event.lineNumber}`));
    });
    return faults;
  }

  async #command(command) {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, error } = await this.#answer();
    assert.equal(error, undefined);
    return value;
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, "the services did not start");
    return JSON.parse(value);
  }
}
