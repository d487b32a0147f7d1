"""Who uses the services: creators of jobs, workers that may misbehave, and the receiver of pushed jobs."""

import concurrent.futures
import http.server
import json
import random
import threading
import time
import uuid

import grpc
from google.protobuf import json_format

from tests.e2e.faults.ledger import inputs, stage
from tests.e2e.faults.ledger.memory import CALLBACK, FEW, MAXIMUM, PULLED, RESPONSE, Job, id_of_unique_key
from vibestack.job.v1 import job_pb2, job_service_pb2, manage_pb2, work_pb2

MOST_OPEN = 250  # Creators wait while more jobs are open.
LARGEST_VALUE = 100_000  # bytes; larger inputs are always sent as text
# Reasons for which a worker or a run may be refused, because another attempt has begun or the job has ended.
LOST = {(grpc.StatusCode.ABORTED, "LEASE_LOST"), (grpc.StatusCode.ABORTED, "JOB_CANCELLED"),
        (grpc.StatusCode.ABORTED, "ATTEMPT_SUPERSEDED"), (grpc.StatusCode.FAILED_PRECONDITION, "JOB_TERMINAL")}


class Actor(threading.Thread):
    """A thread that repeats `step()` until it is told to stop. It repeats a call until the call is answered.

    An actor that is not started only makes calls.
    """

    def __init__(self, name, world):
        super().__init__(name=name, daemon=True)
        self.world, self.memory = world, world.memory
        self.rng = random.Random(f"{world.seed} {name}")
        self.client = stage.Client(world.stage.job_addresses(), self.rng)
        self.stopping = threading.Event()

    def run(self):
        try:
            while not self.stopping.is_set():
                self.step()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.memory.blame(None, f"{self.name} ended: {type(error).__name__}: {error}")
            raise

    def step(self):
        raise NotImplementedError

    def insist(self, method, request, token, job=None):
        """Makes a call until it is answered. Returns None if the actor stops before."""
        while True:
            answer = self.client.call(method, request, token)
            self.memory.count("calls")
            if not answer.is_unknown:
                return answer
            self.memory.count(f"repeated after {answer.code.name} ({answer.reason})")
            if job is not None:
                self.memory.note(job, f"{method}: {answer}")
            if self.world.ended.wait(0.05 + 0.1 * self.rng.random()):
                return None

    def cancel_job(self, job):
        told = self.memory.tell(job, "cancel", 0, 0, "CANCELLED")
        answer = self.insist("CancelJob", manage_pb2.CancelJobRequest(id=job.id), self.world.stage.worker_token, job)
        if answer is None:
            return
        if not answer.ok and answer.reason != "JOB_TERMINAL":
            self.surprise("CancelJob", answer, job)
        self.memory.settle(job, told, answer.ok, answer.reason)

    def surprise(self, method, answer, job=None):
        self.memory.blame(job and job.id, f"{method} answered {answer}")


class Creator(Actor):
    """Creates jobs with ids that it chooses, and repeats each creation until it is acknowledged."""

    def step(self):
        if self.world.open_jobs > MOST_OPEN:
            self.stopping.wait(0.05)
            return
        self.stopping.wait(self.rng.expovariate(1 / self.world.pause))
        owner, token = self.rng.choice(self.world.people)
        if self.rng.random() < 0.2:
            token = self.world.stage.worker_token
        if self.rng.random() < 0.15:
            self._create_batch(owner, token)
        else:
            self._create(owner, token)

    def _make_up(self, owner, may_have_key=True):
        """Returns a job of the memory and the request that creates it."""
        workflow = self.rng.choices((PULLED, FEW, CALLBACK, RESPONSE), (5, 2, 2, 1))[0]
        text = inputs.make(self.rng)
        request = job_service_pb2.CreateJobRequest(user_id=owner, workflow_id=workflow)
        exact = inputs.exact_digest(text)
        if text is not None and self.rng.random() < 0.2 and _parse_value(text, request.input):
            exact = None
        elif text is not None:
            request.input_json = text
        most = self.rng.choice((0, 0, 1, 2, 3, 5, 900))
        stubborn = workflow == PULLED and self.rng.random() < 0.02
        if stubborn:
            most = 14
        request.max_attempts = most
        job = Job(id=str(uuid.uuid4()), user_id=owner, workflow=workflow, exact=exact, double=inputs.double_digest(text),
                  size=len(text or ""), max_attempts=min(most or MAXIMUM[workflow], MAXIMUM[workflow]), stubborn=stubborn)
        start = self.rng.random()
        if start < 0.08:
            job.delay = round(self.rng.uniform(0.1, 4), 3)
            request.delay.FromMicroseconds(int(job.delay * 1_000_000))
        elif start < 0.14:
            job.not_before = round(time.time() + self.rng.uniform(-1, 4), 3)
            request.not_before.FromMicroseconds(int(job.not_before * 1_000_000))
        if may_have_key and self.rng.random() < 0.15:
            job.key = f"{self.rng.choice(('order', 'Bestellung ü', '🦉'))} {uuid.uuid4()}"
            job.id = id_of_unique_key(owner, workflow, job.key)
            request.unique_key = job.key
        else:
            request.id = job.id
        return job, request

    def _create(self, owner, token):
        job, request = self._make_up(owner)
        self.memory.add(job)
        if self.rng.random() < 0.05:
            job.given_up = True
            answer = self.client.call("CreateJob", request, token)
        else:
            answer = self.insist("CreateJob", request, token, job)
        if answer is None or answer.is_unknown:
            job.given_up = True
            return
        if not answer.ok:
            self.surprise("CreateJob", answer, job)
            return
        self.memory.acknowledge(job, answer.response.id)
        if self.rng.random() < 0.05:
            self._repeat(job, request, token)
        elif self.rng.random() < 0.03:
            self.cancel_job(job)

    def _repeat(self, job, request, token):
        """The same creation after its acknowledgement is the same job."""
        answer = self.insist("CreateJob", request, token, job)
        if answer is not None and not (answer.ok and answer.response.id == job.id):
            self.surprise("CreateJob, repeated,", answer, job)

    def _create_batch(self, owner, token):
        pairs = [self._make_up(owner) for _ in range(self.rng.randrange(2, 6))]
        while sum(job.size for job, _ in pairs) > 3_000_000:
            pairs.pop()
        for job, _ in pairs:
            self.memory.add(job)
        request = job_service_pb2.BatchCreateJobsRequest(requests=[one for _, one in pairs])
        answer = self.insist("BatchCreateJobs", request, token, pairs[0][0])
        if answer is None or not answer.ok:
            for job, _ in pairs:
                job.given_up = True
            if answer is not None:
                self.surprise("BatchCreateJobs", answer, pairs[0][0])
            return
        for (job, _), created in zip(pairs, answer.response.jobs, strict=True):
            self.memory.acknowledge(job, created.id)


class Worker(Actor):
    """Claims jobs and completes them, fails them, releases them, or crashes: then it never names the lease again."""

    def step(self):
        view = job_pb2.FULL if self.rng.random() < 0.15 else job_pb2.EXACT
        request = work_pb2.ClaimJobsRequest(workflow_ids=[PULLED, FEW], max_jobs=self.rng.randrange(1, 9), view=view)
        request.wait.FromMilliseconds(1000)
        asked_at = time.monotonic()
        answer = self.client.call("ClaimJobs", request, self.world.stage.worker_token)
        self.memory.count("calls")
        if not answer.ok:
            if not answer.is_unknown:
                self.surprise("ClaimJobs", answer)
            self.memory.count(f"repeated after {answer.code.name} ({answer.reason})")
            self.stopping.wait(0.1)
            return
        held = {}
        for claimed in answer.response.jobs:
            job = self.memory.claim(claimed, _digests(claimed.job), asked_at)
            if job is not None:
                held[job.id] = [job, claimed.job.attempt, claimed.lease_token]
        self._work(held)

    def _work(self, held):
        """`held` has the job, the attempt and the present lease token by the job's id."""
        later = {}
        beaten_at = time.monotonic()
        for job_id in list(held):
            if time.monotonic() - beaten_at > stage.LEASE / 3:
                self._heartbeat(held)
                beaten_at = time.monotonic()
            if job_id not in held:
                continue
            job, attempt, _ = held[job_id]
            act = self._choose(job, attempt)
            if act == "crash":
                self.memory.note(job, f"the worker of attempt {attempt} crashes")
                self.memory.count("crashes")
                del held[job_id]
                continue
            if act == "slow":
                self._work_slowly(held)
                beaten_at = time.monotonic()
                act = "complete"
            elif self.rng.random() < 0.1:
                self._report(held, job_id)
            if job_id not in held:
                continue
            if self.rng.random() < 0.6:
                self._finish([self._tell(held, job_id, act)])
                del held[job_id]
            else:
                later[job_id] = act
        self._finish([self._tell(held, job_id, act) for job_id, act in later.items() if job_id in held])

    def _tell(self, held, job_id, act):
        job, attempt, token = held[job_id]
        return job, self.memory.tell(job, act, attempt, token, _code(act))

    def _choose(self, job, attempt):
        if self.world.draining.is_set():
            return "retry" if job.stubborn and attempt < 13 else "complete"
        if job.stubborn:
            return "retry"
        if attempt > 3 and job.max_attempts > 4:  # The backoff would take too long.
            return self.rng.choices(("complete", "fail"), (9, 1))[0]
        return self.rng.choices(("complete", "crash", "retry", "fail", "release", "slow"), (60, 10, 14, 6, 7, 3))[0]

    def _work_slowly(self, held):
        end = time.monotonic() + 1.2 * stage.LEASE
        while time.monotonic() < end and not self.world.ended.is_set():
            self.world.ended.wait(stage.LEASE / 3)
            self._heartbeat(held)

    def _heartbeat(self, held):
        """Extends all leases; forgets the jobs that are lost."""
        if not held:
            return
        leases = [work_pb2.Lease(job_id=job_id, lease_token=token) for job_id, (_, _, token) in held.items()]
        answer = self.insist("HeartbeatJobs", work_pb2.HeartbeatJobsRequest(leases=leases), self.world.stage.worker_token)
        if answer is None:
            return
        if not answer.ok:
            self.surprise("HeartbeatJobs", answer)
            return
        for result in answer.response.results:
            job = held[result.job_id][0]
            if result.HasField("error"):
                self._lose(job, "HeartbeatJobs", result.error)
                del held[result.job_id]
            else:
                held[result.job_id][2] = result.lease_token
                self.memory.lease(job, result.lease_token, result.lease_expires_at)
                self.memory.note(job, f"heartbeat: token {result.lease_token}")

    def _lose(self, job, method, status):
        self.memory.count("leases lost")
        reason = stage.reason_of(status)
        self.memory.note(job, f"{method}: {reason}")
        if reason not in ("LEASE_LOST", "JOB_CANCELLED"):
            self.memory.blame(job.id, f"{method} answered {status.code} ({reason})")

    def _report(self, held, job_id):
        job, _, token = held[job_id]
        request = work_pb2.ReportProgressRequest(id=job_id, lease_token=token, result_json=f'{{"percent": {self.rng.randrange(100)}}}')
        answer = self.insist("ReportProgress", request, self.world.stage.worker_token, job)
        if answer is None:
            del held[job_id]
        elif answer.ok:
            held[job_id][2] = answer.response.lease_token
            self.memory.lease(job, answer.response.lease_token, answer.response.lease_expires_at)
            self.memory.note(job, f"progress: token {answer.response.lease_token}")
        else:
            if (answer.code, answer.reason) not in LOST:
                self.surprise("ReportProgress", answer, job)
            self.memory.note(job, f"ReportProgress: {answer}")
            self.memory.count("leases lost")
            del held[job_id]

    def _finish(self, outcomes):
        """Tells outcomes, as pairs of a job and what is told about it, until they are answered."""
        releases = [(job, told) for job, told in outcomes if told.kind == "release"]
        ends = [(job, told) for job, told in outcomes if told.kind != "release"]
        if len(ends) == 1:
            self._finish_one(*ends[0])
        elif ends:
            self._finish_batch(ends)
        if releases:
            leases = [work_pb2.Lease(job_id=job.id, lease_token=told.token) for job, told in releases]
            answer = self.insist("ReleaseJobs", work_pb2.ReleaseJobsRequest(leases=leases), self.world.stage.worker_token)
            self._settle_batch("ReleaseJobs", releases, answer)

    def _finish_one(self, job, told):
        method, request = _finish_request(job, told)
        answer = self.insist(method, request, self.world.stage.worker_token, job)
        if answer is None:
            return
        if not answer.ok and (answer.code, answer.reason) not in LOST:
            self.surprise(method, answer, job)
        self.memory.settle(job, told, answer.ok, answer.reason)

    def _finish_batch(self, outcomes):
        while outcomes:
            request = work_pb2.BatchFinishJobsRequest()
            for job, told in outcomes:
                method, one = _finish_request(job, told)
                getattr(request.outcomes.add(), "complete" if method == "CompleteJob" else "fail").CopyFrom(one)
            answer = self.insist("BatchFinishJobs", request, self.world.stage.worker_token, outcomes[0][0])
            outcomes = self._settle_batch("BatchFinishJobs", outcomes, answer)

    def _settle_batch(self, method, outcomes, answer):
        """Notes the answers; returns the outcomes to tell again."""
        if answer is None:
            return []
        if not answer.ok:
            self.surprise(method, answer, outcomes[0][0])
            return []
        again = []
        for (job, told), result in zip(outcomes, answer.response.results, strict=True):
            reason = stage.reason_of(result.error)
            code = next(one for one in grpc.StatusCode if one.value[0] == result.error.code)
            if stage.Answer(None, code, reason).is_unknown:
                again.append((job, told))
                continue
            if result.HasField("error") and (code, reason) not in LOST:
                self.memory.blame(job.id, f"{method} answered {code.name} ({reason})")
            self.memory.settle(job, told, not result.HasField("error"), reason)
        return again


def _parse_value(text, value):
    """Parses JSON text into a google.protobuf.Value. Returns False for a text that is too large or too deep for one."""
    if len(text) > LARGEST_VALUE or text.count("[") > 15:
        return False
    try:
        json_format.Parse(text, value)
    except json_format.ParseError:
        return False
    return True


def _code(act):
    return f"{act}-{uuid.uuid4().hex[:12]}"


def _digests(job):
    """The digests of a claimed job's input: (exact or None, double)."""
    if job.HasField("input_json"):
        return inputs.exact_digest(job.input_json), inputs.double_digest(job.input_json)
    if job.HasField("input"):
        return None, inputs.double_digest_of(json_format.MessageToDict(job.input))
    return "none", "none"


def _finish_request(job, told):
    if told.kind == "complete":
        request = work_pb2.CompleteJobRequest(id=job.id, lease_token=told.token)
        request.result_json = json.dumps({"told": told.code})
        return "CompleteJob", request
    request = work_pb2.FailJobRequest(id=job.id, lease_token=told.token, code=told.code, message="as the ledger wants",
                                      retryable=told.kind == "retry")
    if told.kind == "retry":
        request.retry_delay.FromMilliseconds(int(told.code[-1], 16) * 20)
    return "FailJob", request


class Receiver:
    """The HTTP endpoint of the pushed workflows. It checks each POST, and then behaves well or badly."""

    def __init__(self, world, port):
        self.world, self.memory = world, world.memory
        self._rng = random.Random(f"{world.seed} receiver")
        self._runs = concurrent.futures.ThreadPoolExecutor(8, "run")
        self._callers = threading.local()
        receive = self._receive

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = receive(self.headers, body)
                if status == 0:  # as if the endpoint crashed
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A killed replica breaks its connections; that is no error of the receiver."""

        self._server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._runs.shutdown(wait=True, cancel_futures=True)

    def _receive(self, headers, body):
        posted = inputs.parsed(body)
        exact = inputs.digest_of(posted["input"])
        double = inputs.double_digest_of(json.loads(body, parse_int=float)["input"])
        attempt = inputs.number_of(posted["attempt"])
        job = self.memory.post(posted["job_id"], attempt, exact, double, headers["idempotency-key"])
        if job is None:
            return 500, b""
        if (job.workflow, job.user_id) != (posted["workflow_id"], posted["user_id"]):
            self.memory.blame(job.id, "POST with another workflow or user")
        act = self._choose(job.workflow)
        if act in ("broken", "503", "429"):
            self.memory.note(job, f"the receiver answers {act}")
            return (0, b"") if act == "broken" else (int(act), b"")
        if act in ("answer", "refuse", "invalid"):
            told = self.memory.tell(job, act, attempt, 0, _code(act))
            return {"answer": (200, json.dumps({"told": told.code}).encode()), "refuse": (400, b""), "invalid": (200, b"no JSON")}[act]
        if act == "silent":
            self.memory.note(job, f"the run of attempt {attempt} crashes")
            self.memory.count("crashes")
        else:
            told = self.memory.tell(job, act, attempt, 0, _code(act))
            run = self._runs.submit(self._call_back, job, told, posted["callback_token"], self._random() * 0.2)
            if self._random() < 0.3:
                concurrent.futures.wait([run], timeout=1)
        return 202, b""

    def _random(self):
        with self.memory.lock:
            return self._rng.random()

    def _choose(self, workflow):
        with self.memory.lock:
            if self.world.draining.is_set():
                return "answer" if workflow == RESPONSE else "complete"
            if workflow == RESPONSE:
                return self._rng.choices(("answer", "invalid", "refuse", "broken", "503", "429"), (80, 3, 3, 6, 5, 3))[0]
            return self._rng.choices(("complete", "silent", "retry", "fail", "refuse", "broken", "503", "429"),
                                     (60, 8, 12, 5, 2, 5, 5, 3))[0]

    def _call_back(self, job, told, token, delay):
        try:
            self.world.ended.wait(delay)
            if not hasattr(self._callers, "actor"):
                self._callers.actor = Actor(f"run {threading.get_ident()}", self.world)
            actor = self._callers.actor
            method, request = _finish_request(job, told)
            answer = actor.insist(method, request, token, job)
            if answer is None:
                return
            if not answer.ok and (answer.code, answer.reason) not in LOST:
                actor.surprise(f"{method}, a callback,", answer, job)
            self.memory.settle(job, told, answer.ok, answer.reason)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.memory.blame(job.id, f"a run ended: {type(error).__name__}: {error}")


def workflows_file(port):
    """The content of the workflows file, for a receiver at this port."""
    url = f"http://127.0.0.1:{port}/"
    return json.dumps({"workflows": [
        {"id": FEW, "max_attempts": MAXIMUM[FEW]},
        {"id": CALLBACK, "max_attempts": MAXIMUM[CALLBACK], "push": {"url": url, "timeout": "2s", "processing_timeout": "3s"}},
        {"id": RESPONSE, "push": {"url": url, "completion": "RESPONSE", "timeout": "2s"}}]})
