"""Examples: a plausible value for each field, chosen by the field's name."""

from google.protobuf.descriptor import FieldDescriptor

from schemas import REQUEST, fields_of, is_map, is_message

_USER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_JOB = "3de4d144-91a2-4c97-9b67-f674bf286638"
_TOKEN = "eyJhbGciOiJFUzI1NiIs…"
_LEASE = "1795643846554616"
_TIMES = {"created_at": "2026-01-05T09:30:00.401941Z", "updated_at": "2026-01-05T09:30:46.554616Z",
          "created_after": "2026-01-01T00:00:00Z", "created_before": "2026-02-01T00:00:00Z",
          "lease_expires_at": "2026-01-05T09:31:46.554616Z", "continues_at": None}
# By field, or by message and field. None: the example leaves the field out, as most calls and answers do.
VALUES = _TIMES | {
    "access_token": _TOKEN, "refresh_token": _TOKEN, "token": _TOKEN, "token_type": "Bearer", "expires_in": "900",
    "purpose": "access", "sub": _USER, "iss": "vibestack", "aud": "vibestack", "iat": "1767605400", "exp": "1767606300",
    "auth_time": "1767605400", "jti": "33eb5b42-9af6-404d-9108-8bc2b2ccfd95", "username": "ada@example.com", "active": True,
    "email": "ada@example.com", "password": "correct horse", "current_password": "correct horse",
    "new_password": "battery staple", "full_name": "Ada Lovelace", "bio": "Writes programs for engines.",
    "is_active": True, "is_superuser": False, "user_id": _USER, "job_id": _JOB, "fingerprint": "q1Zb0c5xJm0",
    "missing_ids": [], "omitted_result_ids": [], "purged_jobs": "3", "email_prefix": "ada@", "full_name_prefix": "Ada",
    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "20260105T093000Z-c2299c04",
    "x": "DzW5-WxAIEJ4_wiCmKQXgq0xxp2tXYSsTeczZXHbMFc", "y": "UhtlSLgA1k2YvJCY4wBaHnaNHIQJCQY-xNFl9H_RC5A",
    "workflow_id": "summary", "workflow_ids": ["summary"], "result_payload": {"summary": "short"}, "result_json": None,
    "input": None, "input_json": None, "CreateJobRequest.input": {"text": "A long text."}, "lease_token": _LEASE, "deleted_ids": [],
    "attempt": 1, "max_attempts": 25, "CreateJobRequest.max_attempts": 3, "errors": [], "time": "2026-01-05T09:30:12.118204Z",
    "not_before": None, "delay": None, "unique_key": None, "retryable": True, "retry_delay": None,
    "reason": "no longer needed", "code": "NO_CREDIT", "message": "the account has no credit left", "details": None,
    "error": None, "caught_up": False, "changes_missed": False, "since": None,
    "cursor": "1767605446554616", "ExportUserResponse.complete": False, "pending_count": 2, "processing_count": 1,
    "completed_count": 128, "failed_count": 3, "recently_failed_count": 1,
    "oldest_pending_age": "0.021301s", "heartbeat": "15s", "timeout": "30s", "wait": "10s", "page_size": 50, "page_token": None,
    "next_page_token": "", "max_jobs": 10, "oldest_first": False,
    "status": "COMPLETED", "view": "FULL", "update_mask": "full_name,bio", "include_accounts": False, "fail": None,
}

# Request fields that an example shows although they are optional. It leaves out all other optional fields, so that the calls of /docs
# work as they come: a made-up id or filter would find nothing.
SHOWN = {"SignUpRequest.password", "SignUpRequest.full_name", "CreateUserRequest.full_name", "User.full_name", "User.bio",
         "CreateJobRequest.input", "CompleteJobRequest.lease_token", "CompleteJobRequest.result_payload", "ReportProgressRequest.lease_token",
         "ReportProgressRequest.result_payload", "FailJobRequest.lease_token", "FailJobRequest.message", "CancelJobRequest.reason",
         "JobOutcome.complete"}
# These methods end or restore an account, so their examples name none.
_NO_EXAMPLE_OF_ID = {"DeleteUserRequest", "PurgeUserRequest", "UndeleteUserRequest"}


class Examples:
    def __init__(self, api):
        self._api = api

    def of_message(self, message, role, without=frozenset()):
        """Returns an example of the message as JSON, in a request or a response (`role`)."""
        if message.full_name == "google.api.HttpBody":
            return VALUES["result_payload"]
        fields = [field for field in fields_of(self._api, message, role) if field.name not in without]
        if role == REQUEST:
            fields = [field for field in fields if self.is_shown(field)]
        values = {field.name: self.of_field(field, role) for field in fields}
        return {name: value for name, value in values.items() if value is not None}

    def is_shown(self, field):
        """Returns whether examples of requests contain the field."""
        name = f"{field.containing_type.name}.{field.name}"
        return name in SHOWN or "REQUIRED" in self._api.behaviors(field)

    def of_id(self, field):
        """Returns the example of an id in a path: the caller's own account, or None where the reader must choose."""
        name = field.containing_type.name
        return "me" if "User" in name and name not in _NO_EXAMPLE_OF_ID else None

    def of_field(self, field, role):
        """Returns an example of the field, or None to leave it out."""
        if field.name in ("id", "ids"):
            one = _USER if "User" in field.containing_type.name else _JOB
            return [one] if field.is_repeated else one
        for name in (f"{field.containing_type.name}.{field.name}", field.name):
            if name in VALUES:
                return VALUES[name]
        if is_map(field) or field.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE:
            raise ValueError(f"{field.full_name} has no example: add it to VALUES")
        value = self.of_message(field.message_type, role)
        return [value] if field.is_repeated else value
