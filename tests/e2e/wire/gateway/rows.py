"""The table of the conformance test: for every method calls that succeed and calls that do not.

A row's `make(world)` prepares what the call needs and returns (request, token); it runs once for each way, so that
both find the same. The code says what gRPC has to answer; everything else is compared.
"""

import dataclasses
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


def cancelled_job(world):
    """A call for the caller's own ended job."""
    request, token = own_job()(world)
    world.must("CancelJob", request, token)
    return request, token


def finish(world):
    job = claimed(world)
    complete = {"id": job["job"]["id"], "lease_token": job["lease_token"], "result_payload": RESULT}
    fail = {"id": claimed(world)["job"]["id"], "lease_token": "7", "code": "TOO_LATE"}
    return {"outcomes": [{"complete": complete}, {"fail": fail}]}, world.worker


def claimed(world):
    """A job that the worker has claimed, with its lease token."""
    workflow = f"conformance-{uuid.uuid4().hex}"
    world.must("CreateJob", {"workflow_id": workflow}, world.person().token)
    return world.must("ClaimJobs", {"workflow_ids": [workflow]}, world.worker)["jobs"][0]


def of_worker(**request):
    """A worker's call for a claimed job."""
    def make(world):
        job = claimed(world)
        return {"id": job["job"]["id"], "lease_token": job["lease_token"], **request}, world.worker
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
                        email=fresh_email(), fingerprint=None)
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


def claim(world):
    workflow = f"conformance-{uuid.uuid4().hex}"
    world.must("CreateJob", {"workflow_id": workflow}, world.person().token)
    return {"workflow_ids": [workflow], "max_jobs": 5, "wait": "1s"}, world.worker


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
    Row("CreateJob", "no workflow", own(), "INVALID_ARGUMENT"),
    Row("CreateJob", "without a token", anonymous(workflow_id="conformance"), "UNAUTHENTICATED"),
    Row("BatchCreateJobs", "two jobs", own(requests=[{"workflow_id": "a"}, {"workflow_id": "b"}])),
    Row("BatchCreateJobs", "one without workflow", own(requests=[{"workflow_id": "a"}, {}]), "INVALID_ARGUMENT"),
    Row("GetJob", "one's own", own_job()),
    Row("GetJob", "nobody's", own(id=str(uuid.uuid4())), "PERMISSION_DENIED"),
    Row("GetJob", "nobody's, for a superuser", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("BatchGetJobs", "one's own", batch_of_jobs),
    Row("BatchGetJobs", "no ids", own(ids=["x"]), "INVALID_ARGUMENT"),
    Row("ListJobs", "one's own", list_of_jobs()),
    Row("ListJobs", "by state and workflow", list_of_jobs(status="PENDING", workflow_id="a")),
    Row("ListJobs", "the next page", next_page),
    Row("ListJobs", "a negative size", own(user_id="me", page_size=-1), "INVALID_ARGUMENT"),
    Row("WaitJob", "not done in time", own_job(timeout="0.050s")),
    Row("WaitJob", "a negative time", own_job(timeout="-1s"), "INVALID_ARGUMENT"),
    Row("CancelJob", "one's own", own_job(reason="changed my mind")),
    Row("CancelJob", "nobody's", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("GetJobResult", "of a cancelled job", cancelled_job),
    Row("GetJobResult", "of a pending job", own_job(), "FAILED_PRECONDITION"),
    Row("WatchJob", "one that has ended", cancelled_job),
    Row("WatchJob", "nobody's", own(id=str(uuid.uuid4())), "PERMISSION_DENIED"),
    Row("WatchJobs", "of nobody", own(user_id="x"), "INVALID_ARGUMENT"),
    Row("RetryJob", "a cancelled one", cancelled_job),
    Row("RetryJob", "nobody's", by_superuser(id=str(uuid.uuid4())), "NOT_FOUND"),
    Row("DeleteJob", "a cancelled one", cancelled_job),
    Row("DeleteJob", "one that has not ended", own_job(), "FAILED_PRECONDITION"),
    Row("GetJobStats", "of a workflow", by_worker(workflow_ids=["of nobody"])),
    Row("GetJobStats", "by a user", own(), "PERMISSION_DENIED"),
    # JobService, workers
    Row("ClaimJobs", "a job", claim),
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
    Row("FailJob", "no error", of_worker(), "INVALID_ARGUMENT"),
]
