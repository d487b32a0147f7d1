"""What the actors of the ledger remember: every job, claim, POST and outcome, and what the services acknowledged."""

import collections
import dataclasses
import hashlib
import threading
import time
import uuid

from tests.e2e.faults.ledger import inputs
from tests.e2e.faults.ledger.stage import LEASE

# The workflows and their `max_attempts`.
PULLED, FEW, CALLBACK, RESPONSE = "pulled", "pulled-few", "called-back", "answered"
MAXIMUM = {PULLED: 25, FEW: 4, CALLBACK: 5, RESPONSE: 25}
# After an attempt has ended, a POST of it may still arrive this many seconds later: it was on its way, in a stopped replica.
ON_ITS_WAY = 12 + LEASE
KEPT_ERRORS = 10
NULL = inputs.exact_digest("null")


def id_of_unique_key(user_id, workflow, key):
    """The id that job_service derives from a unique key."""
    text = "\0".join(("vibestack.job.unique_key", user_id, workflow, key))
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


@dataclasses.dataclass
class Told:
    """What a worker or a run told the service about an attempt."""

    kind: str  # complete, fail, retry, release; of a response to a POST: answer, refuse, invalid; of an application: cancel
    attempt: int  # 0 for a cancellation
    token: int  # the lease token; 0 for a run
    code: str  # the error's code; for an output, a text that occurs in no other output
    state: str = "sent"  # sent: the outcome is unknown; then acknowledged or refused
    at: float = 0.0  # when it was acknowledged
    ends_job: bool = False


@dataclasses.dataclass
class Job:
    """A job that the ledger made up. Its history is for people."""

    id: str
    user_id: str
    workflow: str
    exact: str | None  # the digest of the input; None if the request had doubles
    double: str
    size: int
    max_attempts: int
    key: str = ""
    delay: float = 0.0  # seconds from the creation to the start
    not_before: float = 0.0  # seconds since 1970
    stubborn: bool = False  # fails again and again, as often as it may
    acknowledged: bool = False
    given_up: bool = False  # the creator did not repeat the call
    claims: list = dataclasses.field(default_factory=list)  # (attempt, token)
    expiry: dict = dataclasses.field(default_factory=dict)  # the end of the lease by its token, in microseconds
    posts: list = dataclasses.field(default_factory=list)  # (attempt, seconds since 1970)
    told: list = dataclasses.field(default_factory=list)
    errors: dict = dataclasses.field(default_factory=dict)  # the code of each attempt that a response showed as failed
    history: list = dataclasses.field(default_factory=list)

    def is_given(self, exact, double):
        """Whether a digest is that of the input."""
        return double == self.double if self.exact is None else exact == self.exact


class Memory:
    """Thread-safe. It checks at once what a later look at the database cannot show."""

    def __init__(self):
        self.lock = threading.RLock()
        self.jobs = {}
        self.violations = []  # (job id or None, text)
        self.counts = collections.Counter()
        self.acknowledged_at = []  # seconds since the beginning
        self._begun = time.monotonic()

    def blame(self, job_id, text):
        with self.lock:
            self.violations.append((job_id, text))
            if job_id in self.jobs:
                self.note(self.jobs[job_id], f"VIOLATION: {text}")

    def note(self, job, text):
        with self.lock:
            job.history.append(f"{time.monotonic() - self._begun:8.3f}  {text}")

    def count(self, name, more=1):
        with self.lock:
            self.counts[name] += more

    def add(self, job):
        with self.lock:
            self.jobs[job.id] = job
            self.note(job, f"made up: workflow {job.workflow}, {job.size} bytes, at most {job.max_attempts} attempts, "
                           f"delay {job.delay:.2f} s, key {job.key!r}")

    def acknowledge(self, job, answered_id):
        with self.lock:
            if answered_id != job.id:
                self.blame(job.id, f"CreateJob answered with another id: {answered_id}")
            job.acknowledged = True
            self.note(job, "creation acknowledged")
            self.counts["jobs acknowledged"] += 1
            self.acknowledged_at.append(time.monotonic() - self._begun)

    def find(self, job_id, what):
        with self.lock:
            job = self.jobs.get(job_id)
            if job is None:
                self.blame(job_id, f"{what} of a job that nobody made up")
            return job

    def claim(self, claimed, view_digests, asked_at):
        """Notes a claim; `view_digests` are (exact or None, double). Returns the job, or None for an unknown one."""
        with self.lock:
            job = self.find(claimed.job.id, "a claim")
            if job is None:
                return None
            self.counts["claims"] += 1
            attempt = claimed.job.attempt
            self.note(job, f"claimed: attempt {attempt}, token {claimed.lease_token}")
            job.claims.append((attempt, claimed.lease_token))
            self.lease(job, claimed.lease_token, claimed.lease_expires_at)
            exact, double = view_digests
            if not (job.is_given(exact, double) if exact is not None else double == job.double):
                self.blame(job.id, f"claim with another input: {view_digests} instead of {(job.exact, job.double)}")
            if claimed.job.max_attempts != job.max_attempts:
                self.blame(job.id, f"claim with max_attempts {claimed.job.max_attempts} instead of {job.max_attempts}")
            self._check_attempt(job, attempt, asked_at)
            self._check_errors(job, attempt, claimed.job.errors, asked_at)
            return job

    def lease(self, job, token, expires_at):
        with self.lock:
            job.expiry[token] = expires_at.ToMicroseconds()

    def post(self, job_id, attempt, exact, double, key):
        """Notes a POST of a pushed job."""
        with self.lock:
            job = self.find(job_id, "a POST")
            if job is None:
                return None
            self.counts["posts"] += 1
            now = time.monotonic()
            self.note(job, f"posted: attempt {attempt}")
            job.posts.append((attempt, time.time()))
            if not (exact == NULL if job.exact == "none" else job.is_given(exact, double)):
                self.blame(job.id, f"POST with another input: {(exact, double)} instead of {(job.exact, job.double)}")
            if key != f"{job.id}-{attempt}":
                self.blame(job.id, f"POST with the idempotency-key {key}")
            self._check_attempt(job, attempt, now - ON_ITS_WAY)
            return job

    def tell(self, job, kind, attempt, token, code):
        """Notes what is about to be told."""
        with self.lock:
            told = Told(kind, attempt, token, code)
            told.ends_job = kind not in ("retry", "release") or kind == "retry" and attempt >= job.max_attempts
            job.told.append(told)
            self.note(job, f"{kind} of attempt {attempt}: {code} is sent")
            return told

    def settle(self, job, told, acknowledged, why=""):
        with self.lock:
            told.state = "acknowledged" if acknowledged else "refused"
            told.at = time.monotonic()
            self.note(job, f"{told.kind} of attempt {told.attempt}: {told.code} {told.state} {why}")
            self.counts[f"{told.kind} {told.state}"] += 1
            if acknowledged and told.ends_job:
                self.counts["ends acknowledged"] += 1

    def _check_attempt(self, job, attempt, begun_at):
        """`begun_at` is a time before which the service cannot have handed out the job."""
        if not 1 <= attempt <= job.max_attempts:
            self.blame(job.id, f"attempt {attempt} of at most {job.max_attempts}")
        for told in job.told:
            if told.state != "acknowledged" or told.at > begun_at or told.kind == "release":
                continue
            if told.ends_job:
                self.blame(job.id, f"attempt {attempt} after the end that was acknowledged: {told.kind} {told.code}")
            elif attempt <= told.attempt:
                self.blame(job.id, f"attempt {attempt} after attempt {told.attempt} was acknowledged as failed ({told.code})")

    def _check_errors(self, job, attempt, errors, asked_at):
        self.see_errors(job, attempt - 1, [(error.attempt, error.code) for error in errors])
        shown = {error.code for error in errors}
        for told in job.told:
            is_lost = (told.kind == "retry" and told.state == "acknowledged" and told.at < asked_at
                       and told.attempt >= attempt - KEPT_ERRORS and told.code not in shown)
            if is_lost:
                self.blame(job.id, f"attempt {attempt} does not know the failure {told.code} of attempt {told.attempt}")

    def see_errors(self, job, failures, errors):
        """Checks the errors of `failures` attempts, as pairs of number and code: the last ten, and never another history."""
        with self.lock:
            numbers = [number for number, _ in errors]
            if numbers != list(range(failures - min(failures, KEPT_ERRORS) + 1, failures + 1)):
                self.blame(job.id, f"{failures} failed attempts with the errors {errors}")
            for number, code in errors:
                if job.errors.setdefault(number, code) != code:
                    self.blame(job.id, f"attempt {number} failed with {code}, but before with {job.errors[number]}")
