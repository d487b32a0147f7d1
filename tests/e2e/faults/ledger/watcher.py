"""A client that watches all jobs over one replica, and watches again after every break, as the comment of WatchJobs says."""

import threading
import time

import grpc
from google.protobuf import timestamp_pb2

from tests.e2e.faults.ledger import stage
from tests.e2e.faults.ledger.actors import Actor
from vibestack.job.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc, watch_pb2

ENDED = (job_pb2.Job.COMPLETED, job_pb2.Job.FAILED)
SILENCE = 5  # seconds without a message, even a heartbeat, after which the client watches again
# A job that was created this many seconds before a break may have come after it: its commit, or its change event, was under way.
UNDER_WAY = 15
HAS_CURSOR = "since" in watch_pb2.WatchJobsRequest.DESCRIPTOR.fields_by_name


class Watcher(Actor):
    """Knows the last state of every job.

    With a cursor, a new stream tells everything since the last one. Without, the stream and BatchGetJobs tell everything except
    the jobs that began and ended while nobody watched, so the client lists the jobs since the break. After `changes_missed` it
    lists all jobs again.
    """

    def __init__(self, number, world):
        super().__init__(f"watcher {number}", world)
        self.number = number
        # The status of each ended job by its id, as the stream, BatchGetJobs and ListJobs told it.
        self.ended_by_watch, self.ended_by_ask, self.ended_by_list = {}, {}, {}
        self.watches = 0
        self._open = set()
        self._begun = time.time()
        self._heard_at = time.time()
        self._cursor = ""
        self._call = None
        self._stub = job_service_pb2_grpc.JobServiceStub(stage.open_channel(world.stage.jobs[number].address))
        threading.Thread(target=self._watch_silence, name=f"{self.name}, silence", daemon=True).start()

    def ended(self):
        return self.ended_by_list | self.ended_by_ask | self.ended_by_watch

    def cancel(self):
        self.stopping.set()
        if self._call is not None:
            self._call.cancel()

    def step(self):
        request = watch_pb2.WatchJobsRequest(view=job_pb2.BASIC)
        request.heartbeat.FromSeconds(1)
        self.watches += 1
        broken_at, self._heard_at = self._heard_at, time.time()
        state = _Stream(set(self._open), broken_at, resumes=self._cursor != "")
        if self._cursor:
            request.since = self._cursor
        try:
            self._call = self._stub.WatchJobs(request, metadata=[("authorization", f"Bearer {self.world.stage.worker_token}")])
            for message in self._call:
                self._heard_at = time.time()
                self._take(message, state)
        except grpc.RpcError as error:
            if not state.is_caught_up:  # Nothing is known about the time since the earlier break.
                self._heard_at = broken_at
            answer = stage.Answer.of_error(error)
            if not answer.is_unknown and answer.code != grpc.StatusCode.CANCELLED and answer.reason != "READER_TOO_SLOW":
                self.surprise("WatchJobs", answer)
            self.stopping.wait(0.1)

    def _watch_silence(self):
        while not self.stopping.wait(0.5):
            if time.time() - self._heard_at > SILENCE and self._call is not None:
                self._call.cancel()

    def _take(self, message, state):
        for job in message.jobs:
            self._see(job, self.ended_by_watch)
            state.arrived.add(job.id)
            changed_at = job.updated_at.ToMicroseconds()
            if changed_at < state.newest.get(job.id, 0):
                self.memory.blame(job.id, f"{self.name} saw an older state after a newer one")
            state.newest[job.id] = changed_at
        for job_id in message.deleted_ids:
            self.memory.blame(job_id, f"{self.name} heard that the job is deleted")
        if HAS_CURSOR and message.cursor:
            self._cursor = message.cursor
        if message.caught_up:
            state.is_caught_up = True
        if message.caught_up and not state.resumes:
            self._ask(state.open_before - state.arrived)
            self._list(state.broken_at - UNDER_WAY)
        if message.changes_missed:
            self.memory.count("changes_missed")
            self._list(self._begun - UNDER_WAY)

    def _see(self, job, ended):
        if job.status in ENDED:
            if any(known.get(job.id, job.status) != job.status for known in (self.ended_by_watch, self.ended_by_ask, self.ended_by_list)):
                self.memory.blame(job.id, f"{self.name} saw another end after the first")
            ended[job.id] = job.status
            self._open.discard(job.id)
        elif job.id in self.ended_by_watch:
            self.memory.blame(job.id, f"{self.name} saw the job open after its end")
        elif job.id not in self.ended_by_list and job.id not in self.ended_by_ask:
            self._open.add(job.id)

    def _ask(self, ids):
        """Asks for jobs that were open before a break and did not arrive after it."""
        ids = list(ids)
        for begin in range(0, len(ids), 1000):
            request = job_service_pb2.BatchGetJobsRequest(ids=ids[begin:begin + 1000], view=job_pb2.BASIC)
            answer = self.insist("BatchGetJobs", request, self.world.stage.worker_token)
            if answer is None:
                return
            if not answer.ok:
                self.surprise("BatchGetJobs", answer)
                return
            for job in answer.response.jobs:
                self._see(job, self.ended_by_ask)
            for job_id in answer.response.missing_ids:
                self.memory.blame(job_id, f"{self.name}: the job was there and is gone")

    def _list(self, since):
        """Lists the jobs that were created since a time in seconds."""
        after = timestamp_pb2.Timestamp()
        after.FromMicroseconds(int(since * 1_000_000))
        request = job_service_pb2.ListJobsRequest(page_size=1000, created_after=after, oldest_first=True, view=job_pb2.BASIC)
        while True:
            answer = self.insist("ListJobs", request, self.world.stage.worker_token)
            if answer is None:
                return
            if not answer.ok:
                self.surprise("ListJobs", answer)
                return
            for job in answer.response.jobs:
                self._see(job, self.ended_by_list)
            request.page_token = answer.response.next_page_token
            if not request.page_token:
                return


class _Stream:
    """What one stream has told."""

    def __init__(self, open_before, broken_at, resumes):
        """`resumes`: it began with the cursor of an earlier stream."""
        self.open_before, self.broken_at, self.resumes = open_before, broken_at, resumes
        self.arrived, self.newest = set(), {}
        self.is_caught_up = False
