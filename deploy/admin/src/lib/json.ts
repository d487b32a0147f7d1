/**
 * JSON without loss: JSON.parse makes doubles of numbers and keeps one of two equal keys. Here a number keeps its source text, and an
 * object keeps its entries in order. The parser has no recursion, so deeply nested text is no danger.
 */

export type Json =
  | { kind: "object"; entries: [key: string, value: Json][] }
  | { kind: "array"; items: Json[] }
  | { kind: "string"; value: string }
  | { kind: "number"; source: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "null" };

/** Says where the text stops being JSON. */
export class JsonError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(text: string, offset: number, expected: string) {
    const before = text.slice(0, offset).split("\n");
    const line = before.length;
    const column = (before.at(-1) ?? "").length + 1;
    const found =
      offset < text.length ? `found ${JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0))}` : "the text ends";
    super(`Line ${line}, column ${column}: expected ${expected}, but ${found}.`);
    this.line = line;
    this.column = column;
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LITERALS: [string, Json][] = [
  ["true", { kind: "boolean", value: true }],
  ["false", { kind: "boolean", value: false }],
  ["null", { kind: "null" }],
];

/** Parses the whole text. Throws a JsonError. */
export function parseJson(text: string): Json {
  return new Parser(text).document();
}

type Container = Extract<Json, { kind: "object" | "array" }>;

class Parser {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): Json {
    const open: Container[] = [];
    for (;;) {
      let value = this.value();
      // A value that opens a container is complete when the container closes; every other value at once.
      if ((value.kind === "object" || value.kind === "array") && !this.closes(value)) {
        open.push(value);
        this.key(value);
        continue;
      }
      for (;;) {
        const parent = open.at(-1);
        if (parent === undefined) return this.end(value);
        this.add(parent, value);
        if (this.takes(",")) {
          this.key(parent);
          break;
        }
        if (!this.closes(parent)) this.fail(parent.kind === "object" ? '"," or "}"' : '"," or "]"');
        value = parent;
        open.pop();
      }
    }
  }

  private readonly keys: string[] = [];

  /** Reads the key of the next entry, if the container is an object. */
  private key(container: Container): void {
    if (container.kind === "array") return;
    this.skipSpace();
    this.keys.push(this.string("a key in double quotes"));
    if (!this.takes(":")) this.fail('":"');
  }

  private add(container: Container, value: Json): void {
    if (container.kind === "array") container.items.push(value);
    else container.entries.push([this.keys.pop() ?? "", value]);
  }

  private value(): Json {
    this.skipSpace();
    switch (this.text[this.at]) {
      case "{":
        this.at += 1;
        return { kind: "object", entries: [] };
      case "[":
        this.at += 1;
        return { kind: "array", items: [] };
      case '"':
        return { kind: "string", value: this.string("a string") };
      default:
        return this.number() ?? this.literal();
    }
  }

  private number(): Json | undefined {
    const source = this.match(NUMBER);
    return source === undefined ? undefined : { kind: "number", source };
  }

  private literal(): Json {
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail("a value");
  }

  private string(expected: string): string {
    const start = this.at;
    if (this.text[start] !== '"') return this.fail(expected);
    let end = start + 1;
    for (let code = this.text.charCodeAt(end); code !== QUOTE; code = this.text.charCodeAt(end)) {
      // charCodeAt is NaN after the end of the text. JSON forbids control characters in strings.
      if (!(code >= FIRST_PRINTABLE)) return this.fail("the end of the string that starts here, on the same line");
      end += code === BACKSLASH ? 2 : 1;
    }
    try {
      const value = JSON.parse(this.text.slice(start, end + 1)) as string;
      this.at = end + 1;
      return value;
    } catch {
      return this.fail("a string with valid escapes");
    }
  }

  private closes(container: Container): boolean {
    return this.takes(container.kind === "object" ? "}" : "]");
  }

  private takes(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private end(value: Json): Json {
    this.skipSpace();
    return this.at === this.text.length ? value : this.fail("the end of the text");
  }

  private skipSpace(): void {
    this.match(SPACE);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at = pattern.lastIndex;
    return found;
  }

  private fail(expected: string): never {
    throw new JsonError(this.text, this.at, expected);
  }
}
