/**
 * The clients of the three services, over gRPC-Web with the gateway that served this page. Each call carries the access token and a
 * request id. A call that shows that the reader may no longer be here ends the session.
 */

import { Code, ConnectError, type Interceptor, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { JobService } from "../../stubs/vibestack/job/v1/job_service_pb.js";
import { AuthService, type TokenResponse } from "../../stubs/vibestack/user/v1/auth_service_pb.js";
import { UserService } from "../../stubs/vibestack/user/v1/user_service_pb.js";
import { newUuid } from "../lib/text.ts";
import { REQUEST_ID, codeOf, reasonOf } from "./errors.ts";
import { accessToken, endSession, me, renewTokens } from "./session.ts";

const CALL_MILLIS = 30_000;
// Calls of AuthService that must not carry a token, and whose refusals are no end of the session.
const WITHOUT_TOKEN = new Set(["Login", "RefreshToken", "RequestPasswordReset"]);

/** Names the call in every error, also in errors of the network, which have no response. */
const identify: Interceptor = (next) => async (request) => {
  const id = newUuid();
  request.header.set(REQUEST_ID, id);
  const rename = (error: unknown): never => {
    const wrapped = ConnectError.from(error);
    wrapped.metadata.set(REQUEST_ID, id);
    throw wrapped;
  };
  try {
    const response = await next(request);
    return response.stream ? { ...response, message: rethrow(response.message, rename) } : response;
  } catch (error) {
    return rename(error);
  }
};

const authorize: Interceptor = (next) => async (request) => {
  if (WITHOUT_TOKEN.has(request.method.name)) return next(request);
  const send = async (): ReturnType<typeof next> => {
    const token = await accessToken(refresh).catch((error: unknown) => Promise.reject(judged(error)));
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  try {
    const response = await send();
    return response.stream ? { ...response, message: rethrow(response.message, recovered) } : response;
  } catch (error) {
    await recovered(error);
    // The request of a stream cannot be sent twice; whoever watches opens the stream again.
    if (request.stream) throw error;
    return send().catch((again: unknown) => Promise.reject(judged(again)));
  }
};

const transport = createGrpcWebTransport({
  baseUrl: location.origin,
  defaultTimeoutMs: CALL_MILLIS,
  interceptors: [authorize, identify],
  fetch: (input, init) => fetch(input, { ...init, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" }),
});

export const auth = createClient(AuthService, transport);
export const users = createClient(UserService, transport);
export const jobs = createClient(JobService, transport);

function refresh(refreshToken: string): Promise<TokenResponse> {
  return auth.refreshToken({ refreshToken });
}

/** Renews the tokens if that may help against this error. Throws the error, or that of the renewal, if not. */
async function recovered(error: unknown): Promise<void> {
  // An access token ends early when the clocks differ, the computer slept, or the password changed in this tab. The gateway refuses
  // such a token without a reason.
  const helps = codeOf(error) === Code.Unauthenticated && ["TOKEN_EXPIRED", "TOKEN_INVALID", ""].includes(reasonOf(error));
  if (!helps) throw judged(error);
  await renewTokens(refresh).catch((refused: unknown) => Promise.reject(judged(refused)));
}

/** Ends the session if the error says that the reader may not be here. Returns the error. */
function judged(error: unknown): unknown {
  if (me.value === undefined) return error;
  const reason = reasonOf(error);
  if (codeOf(error) === Code.Unauthenticated) {
    endSession(unauthenticated(reason));
  } else if (codeOf(error) === Code.PermissionDenied && (reason === "ROLE_REQUIRED" || reason === "NOT_YOURS")) {
    endSession("Your account is no longer a superuser, so it may not use this page.");
  }
  return error;
}

function unauthenticated(reason: string): string {
  if (reason === "ACCOUNT_INACTIVE") return "Your account has been banned or deleted.";
  if (reason === "TOKEN_INVALID") return "Your session has ended: the account's password was changed, or the account was erased.";
  return "Your session has expired. Log in again.";
}

/** Passes the messages on. After an error, waits for `settle` and throws the error. */
async function* rethrow<T>(messages: AsyncIterable<T>, settle: (error: unknown) => Promise<void> | void): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    await settle(error);
    throw error;
  }
}
