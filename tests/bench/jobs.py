"""Measures jobs: creation in batches, work, start, watches."""

import dataclasses
import json
import math
import statistics
import sys

import report
from database import BY_INDEX, NO_FLUSH, SILENT
from services import Failure, check_output


@dataclasses.dataclass
class Client:
    """vibestack_bench, with the tokens of a user and of a worker."""

    program: str
    user_token_file: str
    worker_token_file: str

    def run(self, command, address, token_file, **flags):
        """Runs a command; returns its result. channels=2 becomes --channels=2."""
        arguments = [f"--{name}={value}" for name, value in flags.items()]
        return json.loads(check_output([
            self.program, command, f"--address={address}", f"--token_file={token_file}",
            f"--user_token_file={self.user_token_file}", *arguments]))


class Jobs:
    """The measurements, on running services. `user_ids` are those whose jobs are worked off, the first one is the
    user of the client."""

    def __init__(self, arguments, services, database, client, user_ids):
        self._arguments = arguments
        self._services = services
        self._database = database
        self._client = client
        self._user_ids = user_ids
        self.samples = report.Samples()
        self.latencies = report.Latencies()

    def _rounds(self, what, cases):
        """Measures each case once in each round; odd rounds run in reverse."""
        for number in range(self._arguments.rounds):
            print(f"bench: {what}, round {number + 1} of {self._arguments.rounds}", file=sys.stderr)
            for case in cases if number % 2 == 0 else reversed(cases):
                case()

    def batches(self):
        """Compares BatchCreateJobs with an SQL insert of as many rows."""
        batch = self._arguments.batch
        seconds = math.ceil(self._arguments.seconds + self._arguments.warm_up)

        def by_sql(clients):
            self._database.empty_jobs()
            variables = {"user_id": self._user_ids[0], "batch": batch}
            rate = self._database.pgbench("insert_jobs.pgbench", variables, clients, ("-T", seconds), SILENT)
            self.samples.add(clients, report.INSERT_BATCH, report.Sample(rate * batch))

        def by_call(clients):
            self._database.empty_jobs()
            result = self._client.run(
                "load", self._services.job.address, self._client.user_token_file, call="batch-create", batch=batch,
                in_flight=clients, channels=self._arguments.channels, warm_up=f"{self._arguments.warm_up}s",
                duration=f"{self._arguments.seconds}s")
            self.samples.add(clients, report.CREATE_BATCH, report.Sample(result["calls_per_second"] * batch))

        for clients in self._arguments.workers:
            self._rounds(f"batches of {clients} callers",
                         (lambda n=clients: by_sql(n), lambda n=clients: by_call(n)))

    def work(self):
        """Compares ClaimJobs and BatchFinishJobs with two SQL updates, both until no job is pending."""
        batch = self._arguments.batch

        def by_sql(workers, jobs):
            self._database.make_pending_jobs(self._user_ids, jobs)
            rate = self._database.pgbench("work_jobs.pgbench", {"batch": batch}, workers,
                                          ("-t", jobs // batch // workers), BY_INDEX)
            self.samples.add(workers, report.WORK_SQL, report.Sample(rate * batch))

        def by_call(workers, jobs):
            self._database.make_pending_jobs(self._user_ids, jobs)
            result = self._client.run(
                "work", self._services.job.address, self._client.worker_token_file, workers=workers, batch=batch,
                jobs=jobs, channels=self._arguments.channels)
            self.samples.add(workers, report.WORK, report.Sample(result["jobs_per_second"]))

        def checked(measure, workers):
            jobs = max(self._arguments.jobs // (batch * workers), 1) * batch * workers
            measure(workers, jobs)
            if self._database.count_jobs("completed") != jobs:
                raise Failure("not every job was completed")

        for workers in self._arguments.workers:
            self._rounds(f"work of {workers} workers",
                         (lambda n=workers: checked(by_sql, n), lambda n=workers: checked(by_call, n)))

    def start(self):
        """Measures from CreateJob until a waiting worker has the job, on the same replica and on another."""
        count = self._arguments.starts_measured
        near, far = self._services.job.address, self._services.other_job.address

        def flush():
            variables = {"user_id": self._user_ids[0]}
            with_it, without = (
                statistics.median(self._database.latencies("insert_job.pgbench", variables, count, 50, options))
                for options in (SILENT, NO_FLUSH))
            self.latencies.add_flush(with_it, with_it - without)

        def start(case, address):
            result = self._client.run("start-latency", near, self._client.worker_token_file, worker_address=address,
                                      jobs=count)
            self.latencies.add(case, result)

        self._database.empty_jobs()
        self._rounds("start", (flush, lambda: start(report.START, near), lambda: start(report.START_FAR, far)))

    def watch(self):
        """Measures from a change until the watchers have read it: one job for each watcher, or one for all."""
        watchers = self._arguments.watchers

        def watch(case, jobs, changes):
            self._database.empty_jobs()
            result = self._client.run(
                "watch-latency", self._services.job.address, self._client.worker_token_file, watchers=watchers,
                jobs=jobs, changes=changes, channels=self._arguments.channels)
            self.latencies.add(case, result)

        changes = self._arguments.changes
        self._rounds("watch", (lambda: watch(report.WATCH, watchers, changes),
                               lambda: watch(report.WATCH_ONE, 1, max(changes // 10, 1))))
