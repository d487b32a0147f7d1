/** Small conversions between values and what people read or type. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A random UUID v4. Unlike crypto.randomUUID, it also works on pages that came over plain HTTP. */
export function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The start of a UUID: enough to tell rows apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

const numbers = new Intl.NumberFormat("en");

/** 1234567 as "1,234,567". */
export function count(value: number | bigint): string {
  return numbers.format(value);
}

/** "1 job", "12,000 jobs". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A number of bytes in the unit that reads best: "812 B", "1.4 MiB". */
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const kibibytes = value / 1024;
  return kibibytes < 1024 ? `${kibibytes.toFixed(kibibytes < 10 ? 1 : 0)} KiB` : `${(kibibytes / 1024).toFixed(1)} MiB`;
}

/** Upper case for the first letter, so that a service's message reads as a sentence. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
