// Makes pictures of the dashboard's pages, in light, dark and narrow, for people to look at. It is no test, so only its name runs it:
//
//   tests/e2e/admin/run --screenshots FOLDER
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { World } from "./fixture.js";

const FOLDER = process.env.VIBESTACK_SCREENSHOTS ?? path.resolve(import.meta.dirname, "../../../.local/browser-tests/screenshots");
const FORMS = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  narrow: { colorScheme: "light", viewport: { width: 320, height: 800 } },
  // For the guides.
  "small-light": { colorScheme: "light", viewport: { width: 1280, height: 800 }, deviceScaleFactor: 0.75 },
  "small-dark": { colorScheme: "dark", viewport: { width: 1280, height: 800 }, deviceScaleFactor: 0.75 },
};
const USERS = `INSERT INTO users (id, email, hashed_password, full_name, is_active, created_at)
  SELECT gen_random_uuid(), lower(first || '.' || last || n || '@example.com'), '!', first || ' ' || last, n % 17 <> 0, now() - n * interval '1 hour'
  FROM generate_series(1, 60) n, LATERAL (SELECT (ARRAY['Ada','Grace','Alan','Edsger','Barbara','Donald','Frances'])[1 + n % 7] AS first,
    (ARRAY['Lovelace','Hopper','Turing','Dijkstra','Liskov','Knuth','Allen'])[1 + n / 7 % 7] AS last) names`;
const JOBS = `INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at, updated_at)
  SELECT gen_random_uuid(), owner.id, workflow, status,
    CASE status
      WHEN 'completed' THEN '{"summary": "The report has 42 pages.", "pages": 42, "cost": 0.10, "trace": 12345678901234567890}'::jsonb
      ELSE jsonb_build_object('vibestack_job', 1, 'max_attempts', 3, 'input', '{"text": "Summarise the numbers", "year": 2026}'::jsonb) END
    || CASE status WHEN 'failed' THEN jsonb_build_object('attempts', 2,
      'errors', jsonb_build_array(
        jsonb_build_object('attempt', 1, 'code', 'UPSTREAM_TIMEOUT', 'message', 'api.example.com did not answer within 30 s',
          'time', to_char((made + interval '31 s') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
        jsonb_build_object('attempt', 2, 'code', 'RATE_LIMITED', 'message', '429 from api.example.com: the quota is used up',
          'time', to_char((made + interval '44 s') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))),
      'error', '{"code": "RATE_LIMITED", "message": "429 from api.example.com: the quota is used up", "details": {"retry_after": 60}}'::jsonb)
    ELSE '{}' END, made, CASE status WHEN 'processing' THEN now() ELSE made + interval '44 s' END
  FROM generate_series(1, 3000) n, LATERAL (SELECT now() - n * interval '41 s' - interval '1 min' AS made,
    (ARRAY['report','summary','translate','embed','transcribe','invoice-ocr'])[1 + (n * 7 + n / 13) % 6] AS workflow,
    (ARRAY['completed','completed','completed','failed','completed','processing','pending','completed'])[1 + (n * 5 + n / 7) % 8] AS status) facts,
  LATERAL (SELECT id FROM users ORDER BY created_at OFFSET n % 60 LIMIT 1) owner`;

test("screenshots", async (t) => {
  const world = await World.start();
  try {
    fs.mkdirSync(FOLDER, { recursive: true });
    await world.query(USERS);
    await world.query(JOBS);
    const [failed] = await world.query("SELECT id FROM agent_jobs WHERE status = 'failed' ORDER BY created_at DESC LIMIT 1");
    const [user] = await world.query("SELECT id FROM users WHERE full_name IS NOT NULL ORDER BY created_at DESC LIMIT 1");
    const pages = {
      overview: "#/", jobs: "#/jobs", job: `#/jobs/${failed}`, "new-job": "#/jobs/new", users: "#/users", user: `#/users/${user}`,
      "new-user": "#/users/new", account: "#/account", token: "#/token",
    };
    for (const [form, options] of Object.entries(FORMS)) {
      await world.inBrowser(t, options, async (page) => {
        const shoot = (name) => page.screenshot({ path: path.join(FOLDER, `${name}-${form}.png`) });
        await page.goto(`${world.url}/admin/`);
        await page.getByRole("heading", { name: "Log in" }).waitFor();
        await shoot("login");
        await world.logInTo(page, world.superuser, page.locator("#main h1"));
        // A line needs two samples.
        await page.waitForFunction(() => document.querySelectorAll(".spark polyline").length > 0);
        for (const [name, hash] of Object.entries(pages)) {
          await page.goto(`${world.url}/admin/${hash}`);
          await page.locator("#main h1").waitFor();
          await page.waitForFunction(() => document.querySelector(".skeleton, [aria-busy=true]") === null);
          await shoot(name);
        }
      });
    }
  } finally {
    await world.stop();
  }
});
