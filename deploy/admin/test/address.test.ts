import assert from "node:assert/strict";
import { test } from "node:test";

import { isUuid } from "../src/lib/text.ts";
import { links } from "../src/state/config.ts";
import { matches, readJobFilter, writeJobFilter } from "../src/state/job_filter.ts";
import { href, parseRoute } from "../src/state/route.ts";
import { readUserFilter, writeUserFilter } from "../src/state/user_filter.ts";
import { Job_Status } from "../stubs/vibestack/job/v1/job_pb.js";

test("an address has the path and the query", () => {
  const hash = href(["jobs", "a/b"], { workflow: "x y&z=1", user: "" });
  assert.equal(hash, "#/jobs/a%2Fb?workflow=x+y%26z%3D1");
  const route = parseRoute(hash);
  assert.deepEqual(route.path, ["jobs", "a/b"]);
  assert.equal(route.query.get("workflow"), "x y&z=1");
});

test("a broken address is no error", () => {
  assert.deepEqual(parseRoute("#/jobs/%E0%A4%A").path, ["jobs", "%E0%A4%A"]);
  assert.deepEqual(parseRoute("").path, []);
});

test("a filter of jobs comes back from its address", () => {
  const filter = {
    userId: "7c8e0f9a-0000-4000-8000-000000000000",
    workflow: "عمل <script>",
    status: Job_Status.FAILED,
    from: new Date("2026-11-30T10:00:00.123Z"),
    to: undefined,
    oldestFirst: true,
  };
  assert.deepEqual(readJobFilter(parseRoute(href(["jobs"], writeJobFilter(filter))).query), filter);
});

test("unknown values of a filter are ignored", () => {
  const filter = readJobFilter(new URLSearchParams("status=constructor&from=yesterday&order=up"));
  assert.deepEqual(filter, readJobFilter(new URLSearchParams()));
});

test("a filter of users comes back from its address", () => {
  const filter = {
    by: "name" as const,
    prefix: "Ada",
    active: false,
    superuser: undefined,
    from: undefined,
    to: new Date("2026-01-01T00:00:00Z"),
    oldestFirst: false,
  };
  assert.deepEqual(readUserFilter(parseRoute(href(["users"], writeUserFilter(filter))).query), filter);
});

test("a job matches by user, workflow and state", () => {
  const filter = readJobFilter(new URLSearchParams("workflow=report&status=pending"));
  assert.ok(matches(filter, { userId: "1", workflowId: "report", status: Job_Status.PENDING }));
  assert.ok(!matches(filter, { userId: "1", workflowId: "report", status: Job_Status.FAILED }));
  assert.ok(!matches(filter, { userId: "1", workflowId: "other", status: Job_Status.PENDING }));
});

test("the configuration has only links", () => {
  assert.deepEqual(links({ grafana_url: "https://grafana.example/d/1", docs_url: "/docs" }), {
    grafana_url: "https://grafana.example/d/1",
    docs_url: "/docs",
  });
  assert.deepEqual(links({ grafana_url: "javascript:alert(1)", docs_url: "//elsewhere" }), {});
  assert.deepEqual(links({ grafana_url: 7 }), {});
});

test("an id is a UUID", () => {
  assert.ok(isUuid("7C8E0F9A-0000-4000-8000-000000000000"));
  assert.ok(!isUuid("ada@example.com"));
});
