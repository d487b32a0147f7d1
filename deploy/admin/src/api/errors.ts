/** What the page says about a call that failed. */

import { Code, ConnectError } from "@connectrpc/connect";
import { anyUnpack } from "@bufbuild/protobuf/wkt";

import { BadRequestSchema, ErrorInfoSchema } from "../../stubs/google/rpc/error_details_pb.js";
import type { Status } from "../../stubs/google/rpc/status_pb.js";
import { sentence } from "../lib/text.ts";

/** A failed call in plain words. */
export interface Failure {
  /** What happened, as a sentence. */
  message: string;
  /** The stable reason, such as LAST_SUPERUSER, or the code's name. */
  reason: string;
  /** Messages by the name of the request's field, such as `email` or `user.email`. */
  fields: Record<string, string>;
  /** The same call may succeed in a moment. */
  temporary: boolean;
  /** The id of the call in the logs of the gateway and the services; empty if there was no call. */
  requestId: string;
}

/** The header that carries a request's id both ways. */
export const REQUEST_ID = "x-request-id";

// Reasons whose own message leaves out what the reader should do next.
const ADVICE: Record<string, string> = {
  LAST_SUPERUSER:
    "This is the last active superuser, so somebody could no longer get in here. Make another account a superuser first.",
  EMAIL_TAKEN: "Another account has this email.",
  TOO_MANY_ATTEMPTS: "Too many attempts. Wait a moment, then try again.",
  WEBHOOK_NOT_CONFIGURED: "This installation sends no mail: user_service has no mail webhook.",
};

const BY_CODE: Partial<Record<Code, string>> = {
  [Code.Unavailable]: "The service is not reachable. Its data is safe; try again in a moment.",
  [Code.DeadlineExceeded]:
    "The service did not answer in time. If this was a change, look whether it happened before you repeat it.",
};

export function reasonOf(error: unknown): string {
  if (!(error instanceof ConnectError)) return "";
  return error.findDetails(ErrorInfoSchema)[0]?.reason ?? "";
}

export function codeOf(error: unknown): Code | undefined {
  return error instanceof ConnectError ? error.code : undefined;
}

/** True if the page itself ended the call, for example because the reader left. */
export function isCancelled(error: unknown): boolean {
  return codeOf(error) === Code.Canceled || (error instanceof DOMException && error.name === "AbortError");
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ConnectError)) {
    return {
      message: error instanceof Error ? sentence(error.message) : "Something failed.",
      reason: "",
      fields: {},
      temporary: false,
      requestId: "",
    };
  }
  const reason = reasonOf(error);
  const violations = error.findDetails(BadRequestSchema).flatMap((request) => request.fieldViolations);
  const own = error.rawMessage === "" ? "The call failed." : sentence(error.rawMessage);
  return {
    message: ADVICE[reason] ?? BY_CODE[error.code] ?? own,
    reason: reason === "" ? codeName(error.code) : reason,
    fields: Object.fromEntries(violations.map((one) => [one.field, sentence(one.description)])),
    temporary: error.code === Code.Unavailable || error.code === Code.DeadlineExceeded,
    requestId: error.metadata.get(REQUEST_ID) ?? "",
  };
}

/** The same for an item of a batch. */
export function failureOfStatus(status: Status): { message: string; reason: string } {
  const info = status.details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((detail) => detail !== undefined);
  return { message: sentence(status.message), reason: info?.reason ?? codeName(status.code) };
}

/** PERMISSION_DENIED for Code.PermissionDenied. */
function codeName(code: Code): string {
  return Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
