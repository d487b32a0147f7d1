/** The way through the pages of lists: which page token came before which. Tokens are unique, so one map is enough. */

const before = new Map<string, string>();

/** Notes that the page `token` follows the page `previous`. The first page has the token "". */
export function rememberPage(token: string, previous: string): void {
  before.set(token, previous);
}

/** The token of the page before; the first page if it is not known, for example after a log-in at this address. */
export function previousPage(token: string): string {
  return before.get(token) ?? "";
}

/** 1 for the first page. */
export function pageNumber(token: string): number {
  let number = 1;
  for (let at = token; at !== ""; at = previousPage(at)) number += 1;
  return number;
}
