/**
 * The log-in of this tab. Tokens are in this module's memory and nowhere else: a reload of the page ends the session.
 */

import { signal } from "@preact/signals";

import type { TokenResponse } from "../../stubs/vibestack/user/v1/auth_service_pb.js";
import type { User } from "../../stubs/vibestack/user/v1/user_pb.js";

interface Tokens {
  access: string;
  refresh: string;
  /** When the tokens should be renewed, at 80 % of the access token's life. */
  renewAt: number;
}

let tokens: Tokens | undefined;
let renewal: Promise<void> | undefined;

/** The superuser who is logged in, or undefined. */
export const me = signal<User | undefined>(undefined);

/** Why the last session ended, for the log-in page. */
export const endedBecause = signal("");

/** Aborts when the session ends: every call of the session carries it. */
let ended = new AbortController();

export function sessionSignal(): AbortSignal {
  return ended.signal;
}

export function keepTokens(response: TokenResponse): void {
  tokens = {
    access: response.accessToken,
    refresh: response.refreshToken,
    renewAt: Date.now() + Number(response.expiresIn) * 800,
  };
}

/** Ends the session: forgets the tokens, stops all calls, and shows the log-in page with `reason`. */
export function endSession(reason: string): void {
  tokens = undefined;
  endedBecause.value = reason;
  me.value = undefined;
  ended.abort();
  ended = new AbortController();
}

/** The current access token. Renews it first if it is due; calls that come meanwhile wait for the same renewal. */
export async function accessToken(renew: (refreshToken: string) => Promise<TokenResponse>): Promise<string | undefined> {
  if (tokens !== undefined && Date.now() >= tokens.renewAt) await renewTokens(renew);
  return tokens?.access;
}

/** Renews the tokens now, once for all callers. */
export function renewTokens(renew: (refreshToken: string) => Promise<TokenResponse>): Promise<void> {
  const used = tokens;
  if (used === undefined) return Promise.resolve();
  renewal ??= renew(used.refresh)
    .then((response) => {
      // The session may have ended, or begun anew, meanwhile.
      if (tokens === used) keepTokens(response);
    })
    .finally(() => {
      renewal = undefined;
    });
  return renewal;
}
