import assert from "node:assert/strict";
import { test } from "node:test";

import { type Json, JsonError, parseJson } from "../src/lib/json.ts";

function number(source: string): Json {
  return { kind: "number", source };
}

test("a number keeps its digits", () => {
  for (const source of ["0", "-0", "12345678901234567890", "0.10", "1e100", "-1.5E+3"])
    assert.deepEqual(parseJson(source), number(source));
});

test("an object keeps its order and equal keys", () => {
  assert.deepEqual(parseJson('{"b":1,"a":2,"b":3,"__proto__":4}'), {
    kind: "object",
    entries: [
      ["b", number("1")],
      ["a", number("2")],
      ["b", number("3")],
      ["__proto__", number("4")],
    ],
  });
});

test("containers nest and may be empty", () => {
  assert.deepEqual(parseJson(' [ { "a" : [ ] , "b" : { } } , null, true, "x" ] '), {
    kind: "array",
    items: [
      {
        kind: "object",
        entries: [
          ["a", { kind: "array", items: [] }],
          ["b", { kind: "object", entries: [] }],
        ],
      },
      { kind: "null" },
      { kind: "boolean", value: true },
      { kind: "string", value: "x" },
    ],
  });
});

test("strings have their escapes resolved", () => {
  assert.deepEqual(parseJson('"\\u0041\\n\\"<script>\\ud83d\\ude00"'), { kind: "string", value: 'A\n"<script>😀' });
});

test("deep nesting needs no stack", () => {
  const depth = 200_000;
  let value = parseJson("[".repeat(depth) + "]".repeat(depth));
  let seen = 0;
  while (value.kind === "array") {
    seen += 1;
    const [inner] = value.items;
    if (inner === undefined) break;
    value = inner;
  }
  assert.equal(seen, depth);
});

test("a long string is read whole", () => {
  const text = "x".repeat(5_000_000);
  assert.deepEqual(parseJson(JSON.stringify(text)), { kind: "string", value: text });
});

test("what JSON.parse refuses is refused, with its place", () => {
  const wrong = [
    "",
    "{",
    "[1,]",
    "[1 2]",
    '{"a"}',
    '{"a":1,}',
    "{a:1}",
    "01",
    "1.",
    "+1",
    ".5",
    "nul",
    '"a',
    '"a\nb"',
    '"\\x"',
    "'a'",
    "1 1",
    "[}",
    "NaN",
    '{"a":}',
  ];
  for (const text of wrong) {
    assert.throws(() => JSON.parse(text), text);
    assert.throws(() => parseJson(text), JsonError, text);
  }
  assert.throws(() => parseJson('{\n  "a": tru\n}'), { message: 'Line 2, column 8: expected a value, but found "t".' });
  assert.throws(() => parseJson("[1"), { message: 'Line 1, column 3: expected "," or "]", but the text ends.' });
});
