"""The table of the conformance test: for every method calls that succeed and calls that do not.

A row's `make(world)` prepares what the call needs and returns (request, token); it runs once for each way, so that
both find the same. The code says what gRPC has to answer; everything else is compared.
"""

import dataclasses
import datetime
import typing
import uuid

from tests.e2e.wire.gateway.world import PASSWORD
from tests.support.tokens import signed_anew


@dataclasses.dataclass
class Row:
    method: str
    about: str
    make: typing.Callable
    code: str = "OK"


def fresh_email():
    return f"{uuid.uuid4().hex}@example.org"


def own(**request):
    """A call of a logged-in user."""
    return lambda world: (request, world.person().token)


def anonymous(**request):
    return lambda world: (request, None)


def by_worker(**request):
    return lambda world: (request, world.worker)


def by_superuser(**request):
    return lambda world: (request, world.superuser.token)


def about_person(**request):
    """A superuser's call for another user, whose id is in the request."""
    return lambda world: ({"id": world.person().id, **request}, world.superuser.token)


def own_job(**request):
    """A call for the caller's own pending job."""
    def make(world):
        person = world.person()
        job = world.must("CreateJob", {"workflow_id": "conformance"}, person.token)
        return {"id": job["id"], **request}, person.token
    return make


def job_with(view="FULL", **job):
    """A call for the caller's own pending job with an input, attempts or a start."""
    def make(world):
        person = world.person()
        made = world.must("CreateJob", {"workflow_id": "conformance", **job}, person.token)
        return {"id": made["id"], "view": view}, person.token
    return make


def later(**request):
    """A user's call for a job that does not start within the hour."""
    def make(world):
        start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return {"workflow_id": "conformance", "not_before": start.strftime("%Y-%m-%dT%H:%M:%SZ"), **request}, world.person().token
    return make


def with_the_same_key(world):
    person = world.person()
    request = {"workflow_id": "conformance", "unique_key": "order 7", "input": {"n": 1}}
    world.must("CreateJob", request, person.token)
    return request, person.token


def with_another_input(world):
    request, token = with_the_same_key(world)
    return request | {"input": {"n": 2}}, token


def cancelled_job(world):
    """A call for the caller's own ended job."""
    request, token = own_job()(world)
    world.must("CancelJob", request, token)
    return request, token


def some_jobs(act=None, **more):
    """A call for two of the caller's own jobs, one of them twice, and for somebody else's. `act` was done to the caller's."""
    def make(world):
        request, token = own_job()(world)
        other, _ = own_job()(world)
        second = world.must("CreateJob", {"workflow_id": "conformance"}, token)
        if act:
            world.must(act, request, token)
        return {"ids": [request["id"], other["id"], second["id"], request["id"]], **more}, token
    return make


def finish(world):
    job = claimed(world)
    complete = {"id": job["job"]["id"], "lease_token": job["lease_token"], "result_payload": RESULT}
    fail = {"id": claimed(world)["job"]["id"], "lease_token": "7", "code": "TOO_LATE"}
    return {"outcomes": [{"complete": complete}, {"fail": fail}]}, world.worker


def claimed(world, **job):
    """A job that the worker has claimed, with its lease token."""
    workflow = f"conformance-{uuid.uuid4().hex}"
    world.must("CreateJob", {"workflow_id": workflow, **job}, world.person().token)
    return world.must("ClaimJobs", {"workflow_ids": [workflow]}, world.worker)["jobs"][0]


def of_worker(**request):
    """A worker's call for a claimed job."""
    def make(world):
        job = claimed(world)
        return {"id": job["job"]["id"], "lease_token": job["lease_token"], **request}, world.worker
    return make


def after_a_failure(view="FULL", **job):
    """A worker's call for a job that waits for its second attempt."""
    def make(world):
        one = claimed(world, **job)
        world.must("FailJob", {"id": one["job"]["id"], "lease_token": one["lease_token"], "code": "BUSY", "message": "try later",
                               "retryable": True, "retry_delay": "600s"}, world.worker)
        return {"id": one["job"]["id"], "view": view}, world.worker
    return make


def with_taken_id(world):
    person = world.person()
    job = world.must("CreateJob", {"workflow_id": "first"}, person.token)
    return {"id": job["id"], "workflow_id": "second"}, person.token


def refresh(world):
    return {"refresh_token": world.person().refresh_token}, None


def login(world):
    return {"email": world.person().email, "password": PASSWORD}, None


def reset(world):
    email = world.person().email
    world.must("RequestPasswordReset", {"email": email})
    return {"token": world.webhook.take(email)["token"], "new_password": "battery staple"}, None


def confirm(world):
    """A call with a token as the confirmation mail of a sign-up contains it."""
    token = signed_anew(world.person().token, world.up.place / "keys", purpose="sign_up", sub=str(uuid.uuid4()), jti=str(uuid.uuid4()),
                        email=fresh_email(), fingerprint=None, auth_time=None)
    return {"token": token, "password": PASSWORD, "full_name": "Ada"}, None


def somebodys_token(world):
    return {"token": world.person().token}, world.superuser.token


def known_email(world):
    return {"email": world.person().email, "password": PASSWORD}, None


def batch_of_people(world):
    return {"ids": [world.person().id, str(uuid.uuid4())]}, world.superuser.token


def batch_of_jobs(world):
    person = world.person()
    job = world.must("CreateJob", {"workflow_id": "conformance"}, person.token)
    return {"ids": [job["id"]]}, person.token


def list_of_jobs(**request):
    def make(world):
        person = world.person()
        for workflow in ("a", "b", "a"):
            world.must("CreateJob", {"workflow_id": workflow}, person.token)
        return {"user_id": "me", **request}, person.token
    return make


def next_page(world):
    request, token = list_of_jobs(page_size=2)(world)
    request["page_token"] = world.must("ListJobs", request, token)["next_page_token"]
    return request, token


def claim(view="FULL", **job):
    def make(world):
        workflow = f"conformance-{uuid.uuid4().hex}"
        world.must("CreateJob", {"workflow_id": workflow, **job}, world.person().token)
        return {"workflow_ids": [workflow], "max_jobs": 5, "wait": "1s", "view": view}, world.worker
    return make


def heartbeat(world):
    job = claimed(world)
    return {"leases": [{"job_id": job["job"]["id"], "lease_token": job["lease_token"]}]}, world.worker


def deactivated(world):
    person = world.person()
    world.must("DeleteUser", {"id": person.id}, world.superuser.token)
    return {"id": person.id}, world.superuser.token


RESULT = {"text": "näive ☕", "number": 1.5, "list": [1, True, None], "object": {"empty": {}}}

ROWS = [
    # AuthService
    Row("SignUp", "an account", lambda _: ({"email": fresh_email(), "password": PASSWORD, "full_name": "Ädä"}, None)),
    Row("SignUp", "a taken email", known_email, "ALREADY_EXISTS"),
    Row("SignUp", "nothing right", anonymous(email="no", password="short"), "INVALID_ARGUMENT"),
    Row("Login", "tokens", login),
    Row("Login", "a wrong password", anonymous(email="nobody@example.org", password="wrong horse"), "UNAUTHENTICATED"),
    Row("Login", "nothing", anonymous(), "INVALID_ARGUMENT"),
    Row("RefreshToken", "tokens", refresh),
    Row("RefreshToken", "no token at all", anonymous(refresh_token="a.b.c"), "UNAUTHENTICATED"),
    Row("ConfirmSignUp", "a good one", confirm),
    Row("ConfirmSignUp", "no token at all", anonymous(token="a.b.c", password=PASSWORD), "UNAUTHENTICATED"),
    Row("ConfirmSignUp", "nothing", anonymous(), "INVALID_ARGUMENT"),
    Row("ChangePassword", "tokens", own(current_password=PASSWORD, new_password="battery staple")),
    Row("ChangePassword", "a wrong password", own(current_password="wrong horse", new_password="battery staple"),
        "PERMISSION_DENIED"),
    Row("RequestPasswordReset", "anybody", anonymous(email="nobody@example.org")),
    Row("RequestPasswordReset", "nothing", anonymous(), "INVALID_ARGUMENT"),
    Row("ResetPassword", "a mailed token", reset),
    Row("ResetPassword", "no token at all", anonymous(token="a.b.c", new_password=PASSWORD), "UNAUTHENTICATED"),
    Row("IntrospectToken", "a good one", somebodys_token),
    Row("IntrospectToken", "no token at all", by_superuser(token="a.b.c")),
    Row("IntrospectToken", "by a plain user", own(token="a.b.c"), "PERMISSION_DENIED"),
    Row("GetJwks", "the keys", anonymous()),
    # UserService
    Row("CreateUser", "an account", lambda world: (
        {"email": fresh_email(), "password": PASSWORD, "is_active": False}, world.superuser.token)),
    Row("CreateUser", "by a plain user", own(email="x@example.org", password=PASSWORD), "PERMISSION_DENIED"),
    Row("CreateUser", "bad id", by_superuser(id="7", email="x@example.org", password=PASSWORD), "INVALID_ARGUMENT"),
    Row("GetUser", "oneself", own(id="me")),
    Row("GetUser", "somebody", about_person()),
    Row("GetUser", "nobody", lambda world: ({"id": str(uuid.uuid4())}, world.superuser.token), "NOT_FOUND"),
    Row("GetUser", "somebody else", lambda world: ({"id": world.superuser.id}, world.person().token), "PERMISSION_DENIED"),
    Row("GetUser", "no id", own(id="%2F ä"), "INVALID_ARGUMENT"),
    Row("GetUser", "without a token", anonymous(id="me"), "UNAUTHENTICATED"),
    Row("GetUserByEmail", "somebody", lambda world: ({"email": world.person().email}, world.superuser.token)),
    Row("GetUserByEmail", "nobody", by_superuser(email="nobody+&=@example.org"), "NOT_FOUND"),
    Row("BatchGetUsers", "one and a missing one", batch_of_people),
    Row("BatchGetUsers", "none", by_superuser(ids=[]), "INVALID_ARGUMENT"),
    Row("ListUsers", "by state and prefix", lambda world: (
        {"email_prefix": world.person().email[:20], "is_active": True, "page_size": 5}, world.superuser.token)),
    Row("ListUsers", "by a plain user", own(), "PERMISSION_DENIED"),
    Row("ListUsers", "a forged page", by_superuser(page_token="nonsense"), "INVALID_ARGUMENT"),
    Row("UpdateUser", "a name, by mask", own(user={"id": "me", "full_name": "Ada"}, update_mask="full_name")),
    Row("UpdateUser", "what is populated", own(user={"id": "me", "bio": "About\nme"})),
    Row("UpdateUser", "a field of superusers", own(user={"id": "me", "is_superuser": True}), "PERMISSION_DENIED"),
    Row("UpdateUser", "an output field", own(user={"id": "me"}, update_mask="created_at"), "INVALID_ARGUMENT"),
    Row("DeleteUser", "oneself", own(id="me")),
    Row("DeleteUser", "nobody", lambda world: ({"id": str(uuid.uuid4())}, world.superuser.token), "NOT_FOUND"),
    Row("UndeleteUser", "somebody", deactivated),
    Row("UndeleteUser", "an active one", about_person(), "ALREADY_EXISTS"),
    Row("PurgeUser", "somebody", about_person()),
    Row("PurgeUser", "nobody", lambda world: ({"id": str(uuid.uuid4())}, world.superuser.token), "NOT_FOUND"),
    Row("PurgeUser", "by a plain user", own(id="me"), "PERMISSION_DENIED"),
    Row("ExportUser", "oneself", own(id="me")),
    Row("ExportUser", "somebody else", lambda world: ({"id": world.superuser.id}, world.person().token), "PERMISSION_DENIED"),
    # JobService, applications
    Row("CreateJob", "a job", own(workflow_id="conformance")),
    Row("CreateJob", "an id with other content", with_taken_id, "ALREADY_EXISTS"),
    Row("CreateJob", "an input", own(workflow_id="conformance", input=RESULT)),
    Row("CreateJob", "null as the input", own(workflow_id="conformance", input=None)),
    Row("CreateJob", "an input as text", own(workflow_id="conformance", input_json='{"big": 9007199254740993}')),
    Row("CreateJob", "an input that is no JSON", own(workflow_id="conformance", input_json='{"big": '), "INVALID_ARGUMENT"),
    Row("CreateJob", "an input with NUL", own(workflow_id="conformance", input={"a": "\0"}), "INVALID_ARGUMENT"),
    Row("CreateJob", "an input that is too large", own(workflow_id="conformance", input="x" * (1 << 20)), "INVALID_ARGUMENT"),
    Row("CreateJob", "attempts and a delay", own(workflow_id="conformance", max_attempts=3, delay="60.5s")),
    Row("CreateJob", "too many attempts", own(workflow_id="conformance", max_attempts=1_001), "INVALID_ARGUMENT"),
    Row("CreateJob", "a negative number of attempts", own(workflow_id="conformance", max_attempts=-1), "INVALID_ARGUMENT"),
    Row("CreateJob", "a start", later()),
    Row("CreateJob", "a start that lies too far ahead", later(not_before="2099-01-01T00:00:00Z"), "INVALID_ARGUMENT"),
    Row("CreateJob", "a delay below zero", own(workflow_id="conformance", delay="-1s"), "INVALID_ARGUMENT"),
    Row("CreateJob", "a key", own(workflow_id="conformance", unique_key="order 7")),
    Row("CreateJob", "the same key and input", with_the_same_key),
    Row("CreateJob", "the same key with another input", with_another_input, "ALREADY_EXISTS"),
    Row("CreateJob", "a key that is too long", own(workflow_id="conformance", unique_key="ö" * 101), "INVALID_ARGUMENT"),
    Row("CreateJob", "a key beside an id", own(workflow_id="conformance", id=str(uuid.uuid4()), unique_key="7"), "INVALID_ARGUMENT"),
    Row("CreateJob", "no workflow", own(), "INVALID_ARGUMENT"),
    Row("CreateJob", "without a token", anonymous(workflow_id="conformance"), "UNAUTHENTICATED"),
    Row("BatchCreateJobs", "two jobs", own(requests=[{"workflow_id": "a"}, {"workflow_id": "b"}])),
    Row("BatchCreateJobs", "inputs, keys and starts", own(requests=[
        {"workflow_id": "a", "input": RESULT}, {"workflow_id": "b", "input_json": "1e2"}, {"workflow_id": "c", "unique_key": "k"},
        {"workflow_id": "d", "delay": "60s", "max_attempts": 2}])),
    Row("BatchCreateJobs", "the same key twice", own(requests=[{"workflow_id": "a", "unique_key": "k"}] * 2), "INVALID_ARGUMENT"),
    Row("BatchCreateJobs", "one with a bad input", own(requests=[{"workflow_id": "a"}, {"workflow_id": "a", "input_json": "x"}]),
        "INVALID_ARGUMENT"),
    Row("BatchCreateJobs", "one without workflow", own(requests=[{"workflow_id": "a"}, {}]), "INVALID_ARGUMENT"),
    Row("GetJob", "one's own", own_job()),
    Row("GetJob", "with its input", job_with(input=RESULT)),
    Row("GetJob", "with its input as text", job_with("EXACT", input_json='{"big": [9007199254740993, 1.10]}')),
    Row("GetJob", "with null as its input", job_with(input=None)),
    Row("GetJob", "without its input", job_with("BASIC", input=RESULT)),
    Row("GetJob", "with an input like an envelope", job_with(input={"vibestack_job": 1, "attempts": 9, "schedule": "waiting"})),
    Row("GetJob", "that starts later", job_with(delay="3600s", max_attempts=3)),
    Row("GetJob", "after a failed attempt", after_a_failure(input=RESULT)),
    Row("GetJob", "after a failed attempt, exactly", after_a_failure("EXACT", input=RESULT)),
    Row("GetJob", "after the last attempt", after_a_failure(max_attempts=1)),
    Row("GetJob", "nobody's", own(id=str(uuid.uuid4())), "PERMISSION_DENIED"),
    Row("GetJob", "nobody's, for a superuser", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("BatchGetJobs", "one's own", batch_of_jobs),
    Row("BatchGetJobs", "no ids", own(ids=["x"]), "INVALID_ARGUMENT"),
    Row("ListJobs", "one's own", list_of_jobs()),
    Row("ListJobs", "by state and workflow", list_of_jobs(status="PENDING", workflow_id="a")),
    Row("ListJobs", "a page with a next one", list_of_jobs(page_size=1)),
    Row("ListJobs", "the next page", next_page),
    Row("ListJobs", "a negative size", own(user_id="me", page_size=-1), "INVALID_ARGUMENT"),
    Row("WaitJob", "not done in time", own_job(timeout="0.050s")),
    Row("WaitJob", "for a job that starts later", lambda world: (
        job_with(delay="60s")(world)[0] | {"timeout": "0.050s"}, world.superuser.token)),
    Row("WaitJob", "a negative time", own_job(timeout="-1s"), "INVALID_ARGUMENT"),
    Row("CancelJob", "one's own", own_job(reason="changed my mind")),
    Row("CancelJob", "nobody's", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("GetJobResult", "of a cancelled job", cancelled_job),
    Row("GetJobResult", "of a pending job", own_job(), "FAILED_PRECONDITION"),
    Row("WatchJobEvents", "one that has ended", cancelled_job),
    Row("WatchJobEvents", "nobody's", own(id=str(uuid.uuid4())), "PERMISSION_DENIED"),
    Row("WatchJobsEvents", "of nobody", own(user_id="x"), "INVALID_ARGUMENT"),
    Row("WatchJobsEvents", "since no cursor", own(since="yesterday"), "INVALID_ARGUMENT"),
    Row("RetryJob", "a cancelled one", cancelled_job),
    Row("RetryJob", "one whose attempts are used up", lambda world: (
        {"id": after_a_failure(max_attempts=1, input=RESULT)(world)[0]["id"]}, world.worker)),
    Row("RetryJob", "nobody's", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("DeleteJob", "a cancelled one", cancelled_job),
    Row("DeleteJob", "one that has not ended", own_job(), "FAILED_PRECONDITION"),
    Row("BatchCancelJobs", "some of them one's own", some_jobs(reason="no longer needed")),
    Row("BatchCancelJobs", "one that has ended", some_jobs("CancelJob")),
    Row("BatchCancelJobs", "nobody's", by_superuser(ids=[str(uuid.uuid4())])),
    Row("BatchCancelJobs", "a reason that is too long", some_jobs(reason="x" * 1_001), "INVALID_ARGUMENT"),
    Row("BatchRetryJobs", "one that was cancelled", some_jobs("CancelJob")),
    Row("BatchRetryJobs", "nothing", own(), "INVALID_ARGUMENT"),
    Row("BatchDeleteJobs", "one that was cancelled", some_jobs("CancelJob")),
    Row("BatchDeleteJobs", "no ids", own(ids=["x"]), "INVALID_ARGUMENT"),
    Row("BatchDeleteJobs", "without a token", anonymous(ids=[str(uuid.uuid4())]), "UNAUTHENTICATED"),
    Row("GetJobStats", "of a workflow", by_worker(workflow_ids=["of nobody"])),
    Row("GetJobStats", "by a user", own(), "PERMISSION_DENIED"),
    # JobService, workers
    Row("ClaimJobs", "a job", claim()),
    Row("ClaimJobs", "a job with its input", claim(input=RESULT, max_attempts=2)),
    Row("ClaimJobs", "a job with its exact input", claim("EXACT", input_json='{"big": [9007199254740993, 1.10]}')),
    Row("ClaimJobs", "a job without its input", claim("BASIC", input=RESULT)),
    Row("ClaimJobs", "a job whose input is too deep for a Value", claim(input_json="[" * 200 + "]" * 200)),
    Row("ClaimJobs", "only a job that starts later", lambda world: (
        claim(delay="60s")(world)[0] | {"wait": "0.1s"}, world.worker)),
    Row("ClaimJobs", "by a user", own(workflow_ids=["conformance"]), "PERMISSION_DENIED"),
    Row("HeartbeatJobs", "a lease", heartbeat),
    Row("ReleaseJobs", "a lease", heartbeat),
    Row("ReleaseJobs", "nothing", by_worker(), "INVALID_ARGUMENT"),
    Row("BatchFinishJobs", "one in time and one too late", finish),
    Row("BatchFinishJobs", "nothing", by_worker(), "INVALID_ARGUMENT"),
    Row("ReportProgress", "a part", of_worker(result_payload=RESULT)),
    Row("ReportProgress", "a lost lease", of_worker(lease_token="7"), "ABORTED"),
    Row("HeartbeatJobs", "nothing", by_worker(), "INVALID_ARGUMENT"),
    Row("CompleteJob", "a result", of_worker(result_payload=RESULT)),
    Row("CompleteJob", "a result as text", of_worker(result_json='{"big": 9007199254740993}')),
    Row("CompleteJob", "broken text", of_worker(result_json='{"big": '), "INVALID_ARGUMENT"),
    Row("CompleteJob", "a lost lease", of_worker(lease_token="7", result_payload=None), "ABORTED"),
    Row("FailJob", "an error", of_worker(code="BROKEN", message="it broke", details={"step": 3})),
    Row("FailJob", "for now", of_worker(code="BUSY", retryable=True)),
    Row("FailJob", "for an hour", of_worker(code="BUSY", message="try later", retryable=True, retry_delay="3600s")),
    Row("FailJob", "for two years", of_worker(code="BUSY", retryable=True, retry_delay="63072000s"), "INVALID_ARGUMENT"),
    Row("FailJob", "no error", of_worker(), "INVALID_ARGUMENT"),
]
