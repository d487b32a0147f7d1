"""Calls through the gateway, again and again."""

import collections
import json
import threading
import uuid

THREADS = 4


class Load:
    """Threads that repeat calls until they are stopped, and what was answered."""

    def __init__(self, rest, person):
        self._rest = rest
        self._headers = {"authorization": f"Bearer {person.token}", "content-type": "application/json"}
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.answers = collections.Counter()
        self.created, self.refused, self.others = set(), [], []
        self._threads = [threading.Thread(target=self._run, args=(step,)) for step in (self._read, self._create)
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

    def _create(self):
        job_id = str(uuid.uuid4())
        status, _, text = self._rest.raw("POST", "/v1/jobs", json.dumps({"id": job_id, "workflow_id": "restart"}), self._headers)
        self._note("create", status, text)
        (self.created.add if status == 200 else self.refused.append)(job_id)
