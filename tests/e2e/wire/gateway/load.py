"""Load: repeated calls through the gateway."""

import collections
import json
import threading
import uuid

THREADS = 4


class Load:
    """Threads that repeat calls until they are stopped, and the answers."""

    def __init__(self, rest, person):
        self._rest = rest
        self._headers = {"authorization": f"Bearer {person.token}", "content-type": "application/json"}
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.answers = collections.Counter()
        self.created, self.refused, self.others = set(), [], []
        # What is read at first.
        self._latest = str(uuid.uuid4())
        self._create(self._latest)
        self._threads = [threading.Thread(target=self._run, args=(step,)) for step in (self._read, self._read_job, self._create)
                         for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def total(self):
        with self._lock:
            return sum(self.answers.values())

    def _run(self, step):
        while not self._stopping.is_set():
            step()

    def _note(self, kind, status, text):
        with self._lock:
            self.answers[kind, status] += 1
            if status != 200:
                self.others.append((kind, status, text[:200]))

    def _read(self):
        status, _, text = self._rest.raw("GET", "/v1/users/me", headers=self._headers)
        self._note("read", status, text)

    def _read_job(self):
        status, _, text = self._rest.raw("GET", f"/v1/jobs/{self._latest}", headers=self._headers)
        self._note("read_job", status, text)

    def _create(self, job_id=None):
        """Creates a job. If the first call fails, it repeats the call with the same id."""
        job_id = job_id or str(uuid.uuid4())
        if self._post("create", job_id) != 200:
            self.refused.append(job_id)
            if self._post("repeat", job_id) != 200:
                return
        self.created.add(job_id)
        self._latest = job_id

    def _post(self, kind, job_id):
        status, _, text = self._rest.raw("POST", "/v1/jobs", json.dumps({"id": job_id, "workflow_id": "restart"}), self._headers)
        self._note(kind, status, text)
        return status
