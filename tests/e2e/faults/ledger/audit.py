"""The final check of the ledger: the database against the memory."""

import collections
import dataclasses
import datetime

from tests.e2e.faults.ledger import inputs
from tests.e2e.faults.ledger.memory import CALLBACK, KEPT_ERRORS, RESPONSE

# Failures that the service notes by itself, and the workflows that have them.
PUSHED = (CALLBACK, RESPONSE)
OWN_CODES = {"LEASE_EXPIRED": lambda workflow: workflow not in PUSHED, "PROCESSING_TIMEOUT": lambda workflow: workflow == CALLBACK,
             "DISPATCH_REFUSED": lambda workflow: workflow in PUSHED, "RESPONSE_INVALID": lambda workflow: workflow == RESPONSE}
STORED_CODE = {"refuse": "DISPATCH_REFUSED", "invalid": "RESPONSE_INVALID"}

# The rows of jobs that are at their end. Completed jobs keep no input.
ROWS = """SELECT id::text, user_id::text, workflow_id, coalesce(status, 'pending'),
  CASE WHEN status = 'completed' THEN result_payload ELSE result_payload - 'input' END,
  CASE WHEN status <> 'completed' AND result_payload -> 'vibestack_job' = '1' THEN (result_payload -> 'input')::text END,
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
FROM agent_jobs"""


@dataclasses.dataclass
class Row:
    """A row of agent_jobs. `created_at` and `updated_at` are microseconds since 1970; `input` is JSON text."""

    id: str
    user_id: str
    workflow: str
    status: str
    payload: object
    input: str | None
    created_at: int
    updated_at: int


def read_rows(connection):
    """Reads all rows in pieces, because their inputs may be large."""
    with connection.transaction(), connection.cursor(name="rows") as cursor:
        cursor.itersize = 50
        cursor.execute(ROWS)
        for row in cursor:
            yield Row(*row)


class Audit:
    """Compares rows with the memory. Every difference becomes a violation of the memory."""

    def __init__(self, memory):
        self._memory = memory
        self.found = set()
        self.attempts = collections.Counter()  # how the attempts ended

    def check(self, rows):
        for row in rows:
            self.found.add(row.id)
            job = self._memory.find(row.id, "a row")
            if job is not None:
                self._memory.note(job, f"in the database: {row.status} {str(row.payload)[:3000]}, updated at {row.updated_at}")
                self._check_row(job, row)
        for job in self._memory.jobs.values():
            if job.acknowledged and job.id not in self.found:
                self._memory.blame(job.id, "the job was acknowledged and is not in the database")

    def _check_row(self, job, row):
        blame = lambda text: self._memory.blame(job.id, text)  # noqa: E731
        if (row.user_id, row.workflow) != (job.user_id, job.workflow):
            blame(f"another user or workflow: {row.user_id}, {row.workflow}")
        if row.status not in ("completed", "failed"):
            blame(f"the job has not ended: {row.status}")
            return
        self._check_times(job, row, blame)
        self._check_refused(job, row, blame)
        if row.status == "completed":
            self._check_end(job, {told.code for told in job.told if told.kind in ("complete", "answer") and told.state != "refused"},
                            _object(row.payload).get("told"), row, blame)
            self.attempts["completed"] += 1
        else:
            self._check_failed(job, row, blame)
        self._check_errors(job, row, blame)

    @staticmethod
    def _check_times(job, row, blame):
        """The tokens are of the database's clock, as the row's times. No lease is newer than the end, none older than the start."""
        start = max(row.created_at + job.delay * 1_000_000, job.not_before * 1_000_000) - 2000
        tokens = [token for _, token in job.claims]
        if tokens and max(tokens) >= row.updated_at:
            blame("a claim is newer than the end")
        if len(set(tokens)) != len(tokens):
            blame("two claims got the same lease token")
        if tokens and min(tokens) < start or any(at * 1_000_000 < start for _, at in job.posts):
            blame("the job started before its time")

    @staticmethod
    def _check_refused(job, row, blame):
        payload = _object(row.payload)
        stored = payload.get("told") if row.status == "completed" else _object(payload.get("error")).get("code")
        for told in job.told:
            if told.state == "refused" and told.code == stored:
                blame(f"the outcome {told.code} was refused and is stored")

    @staticmethod
    def _check_end(job, possible, stored, row, blame):
        """`possible` are the ends that were told and lead to this status, `stored` the one that the row has."""
        acknowledged = {(told.kind, told.code) for told in job.told if told.state == "acknowledged" and told.ends_job}
        if len(acknowledged) > 1:
            blame(f"several ends were acknowledged: {sorted(acknowledged)}")
        if stored not in possible:
            blame(f"the job is {row.status} with {stored}, which nobody told")
        if acknowledged and stored not in {code for _, code in acknowledged}:
            blame(f"the job is {row.status} with {stored}, but {sorted(acknowledged)} was acknowledged")

    def _check_failed(self, job, row, blame):
        if not (inputs.exact_digest(row.input) == job.exact or job.exact is None and inputs.double_digest(row.input) == job.double):
            blame("the failed job has another input")
        payload = _object(row.payload)
        attempts, errors, code = payload.get("attempts"), payload.get("errors"), _object(payload.get("error")).get("code")
        if not isinstance(attempts, int) or not 1 <= attempts <= job.max_attempts or not errors:
            blame(f"{attempts} attempts of at most {job.max_attempts}, with the errors {errors}")
            return
        self._memory.see_errors(job, attempts, [(error["attempt"], error["code"]) for error in errors])
        possible = {STORED_CODE.get(told.kind, told.code) for told in job.told
                    if told.ends_job and told.kind not in ("complete", "answer") and told.state != "refused"}
        if attempts == job.max_attempts:
            possible |= {"ATTEMPTS_EXHAUSTED"} if errors[-1]["code"] == "LEASE_EXPIRED" else {"PROCESSING_TIMEOUT"} & {errors[-1]["code"]}
        if errors[-1]["code"] != {"ATTEMPTS_EXHAUSTED": "LEASE_EXPIRED"}.get(code, code):
            blame(f"the job failed with {code}, its last attempt with {errors[-1]['code']}")
        self._check_end(job, possible, code, row, blame)
        for error in errors:
            self._check_lease(job, error, blame)

    @staticmethod
    def _check_lease(job, error, blame):
        """A lease that ran out was as long as the worker was told."""
        expires_at = job.expiry.get(error["token"])
        if error["code"] == "LEASE_EXPIRED" and expires_at is not None and _micros(error["time"]) < expires_at:
            blame(f"the lease of attempt {error['attempt']} ran out before its time")

    def _check_errors(self, job, row, blame):
        """Each failure has its cause, and each failure that was acknowledged is there."""
        told = {one.code: one for one in job.told}
        for attempt, code in job.errors.items():
            self.attempts[code if code in OWN_CODES else "told"] += 1
            if code in OWN_CODES:
                if not OWN_CODES[code](job.workflow):
                    blame(f"attempt {attempt} failed with {code} in the workflow {job.workflow}")
                ended = [one.code for one in job.told if one.attempt == attempt and one.state == "acknowledged" and one.kind != "release"]
                if ended:
                    blame(f"attempt {attempt} failed with {code}, but {ended} was acknowledged")
            elif code == "CANCELLED":
                if "CANCELLED" not in told:
                    blame(f"attempt {attempt} was cancelled by nobody")
            elif code not in told or told[code].attempt != attempt or told[code].kind not in ("fail", "retry"):
                blame(f"attempt {attempt} failed with {code}, which nobody told about it")
        for one in job.told:
            # A claim, and a failed row, show the last ten errors.
            is_shown = (any(one.attempt < attempt <= one.attempt + KEPT_ERRORS for attempt, _ in job.claims)
                        or row.status == "failed" and one.attempt > _object(row.payload).get("attempts", 0) - KEPT_ERRORS)
            is_failure = one.kind in ("retry", "fail") and one.state == "acknowledged"
            if is_failure and is_shown and job.errors.get(one.attempt) != one.code:
                blame(f"the failure {one.code} of attempt {one.attempt} was acknowledged and is lost")


def _object(payload):
    return payload if isinstance(payload, dict) else {}


def _micros(text):
    """The microseconds since 1970 of a time of the envelope."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    return round(moment.timestamp() * 1_000_000)
