"""Works with jobs while parts of the system fail, keeps a ledger of everything, and compares the ledger with the database.

    .local/venv/bin/python -m tests.e2e.faults.ledger                  12 faults in 24 seconds
    tests/e2e/faults/ledger/run                                        200 faults in 400 seconds
    .local/venv/bin/python -m tests.e2e.faults.ledger --seed 7         chooses as an earlier run did

It starts a PostgreSQL, two replicas of each service and a receiver for pushed jobs, and ends them. It checks that each
acknowledged job ends exactly once, and as it was acknowledged; that each claim and each POST has exactly the input that was
given; that attempts are counted, bounded and kept; and that a client that watches learns the end of each job.
"""

import argparse
import collections
import random
import signal
import sys
import threading
import time
import traceback

import psycopg

from tests.e2e.faults.ledger import actors
from tests.e2e.faults.ledger.audit import Audit, read_rows
from tests.e2e.faults.ledger.faults import Faults
from tests.e2e.faults.ledger.memory import Memory
from tests.e2e.faults.ledger.stage import Stage
from tests.e2e.faults.ledger.watcher import Watcher
from tests.support import local_up
from tests.support.waiting import eventually

CREATORS, WORKERS, PEOPLE = 6, 6, 3
DRAIN = 60  # seconds until all jobs have ended after the last fault
BACKED_OFF = ("SELECT id::text FROM agent_jobs WHERE status = 'pending'"
              " AND (result_payload ->> 'not_before')::timestamptz > now() + interval '9 seconds'")
OPEN = "SELECT count(*) FROM agent_jobs WHERE coalesce(status, 'pending') IN ('pending', 'processing')"


class World:
    """What the actors share."""

    def __init__(self, options):
        self.seed, self.pause = options.seed, CREATORS / options.rate
        self.memory = Memory()
        self.draining, self.ended = threading.Event(), threading.Event()
        self.open_jobs = 0
        port = local_up.free_ports(1)[0]
        self.stage = Stage(actors.workflows_file(port))
        self.receiver = actors.Receiver(self, port)
        self.people = [self.stage.sign_up() for _ in range(PEOPLE)]

    def close(self):
        self.ended.set()
        self.receiver.close()
        self.stage.close()


def count_open(world):
    """Keeps the number of open jobs up to date."""
    while not world.ended.wait(0.3):
        try:
            with world.stage.connect() as connection:
                world.open_jobs = connection.execute(OPEN).fetchone()[0]
        except psycopg.Error:
            pass


def end(threads, world, seconds):
    for thread in threads:
        thread.stopping.set()
    limit = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(limit - time.monotonic(), 0.1))
        if thread.is_alive():
            stack = "".join(traceback.format_stack(sys._current_frames()[thread.ident]))  # pylint: disable=protected-access
            world.memory.blame(None, f"{thread.name} does not end:\n{stack}")


def work(world, options):
    """Runs the load and the faults, lets all jobs end, and returns the watchers."""
    creators = [actors.Creator(f"creator {number}", world) for number in range(CREATORS)]
    workers = [actors.Worker(f"worker {number}", world) for number in range(WORKERS)]
    watchers = [Watcher(number, world) for number in range(len(world.stage.jobs))]
    for thread in watchers + workers + creators:
        thread.start()
    threading.Thread(target=count_open, args=(world,), daemon=True).start()
    faults = Faults(world)
    faults.run(options.faults, options.seconds)
    if not faults.heal():
        world.memory.blame(None, "the system does not get ready after the faults")
    print(f"no more faults; {world.open_jobs} jobs are open", flush=True)
    world.draining.set()
    end(creators, world, 60)
    drain(world)
    ended = {row[0] for row in world.stage.query("SELECT id::text FROM agent_jobs WHERE status IN ('completed', 'failed')")}
    eventually(lambda: all(ended <= watcher.ended().keys() for watcher in watchers), 20)
    end(workers, world, 20)
    for watcher in watchers:
        watcher.cancel()
    end(watchers, world, 10)
    world.receiver.close()
    return watchers


def drain(world):
    """Waits until all jobs have ended. Cancels those whose backoff is long: a job that lost many attempts to faults may wait minutes."""
    canceller = actors.Actor("canceller", world)

    def is_drained():
        for (job_id,) in world.stage.query(BACKED_OFF):
            if job_id in world.memory.jobs:
                canceller.cancel_job(world.memory.jobs[job_id])
        return world.stage.query(OPEN)[0][0] == 0

    if not eventually(is_drained, DRAIN):
        world.memory.blame(None, f"jobs have not ended {DRAIN} seconds after the last fault")


def check_watchers(watchers, statuses, memory):
    """Compares what the watchers saw with the states in the database."""
    for watcher in watchers:
        seen = watcher.ended()
        gaps = [job_id for job_id in statuses if job_id not in seen]
        only_listed = sum(job_id not in watcher.ended_by_watch and job_id not in watcher.ended_by_ask for job_id in seen)
        print(f"{watcher.name}: {watcher.watches} watches, {len(seen)} ends seen, {only_listed} of them only by listing; {len(gaps)} gaps")
        memory.count("gaps", len(gaps))
        for job_id in gaps:
            memory.blame(job_id, f"{watcher.name} did not learn the end")
        for job_id, status in seen.items():
            name = {3: "completed", 4: "failed"}[status]
            if statuses.get(job_id) != name:
                memory.blame(job_id, f"{watcher.name} saw the end {name}; the database has {statuses.get(job_id)}")


def report(world, audit):
    counts = world.memory.counts
    unacknowledged = [job for job in world.memory.jobs.values() if not job.acknowledged]
    print(f"{len(world.memory.jobs)} jobs made up, {counts['jobs acknowledged']} acknowledged, {len(audit.found)} in the database, "
          f"{sum(job.id in audit.found for job in unacknowledged)} of {len(unacknowledged)} unacknowledged ones among them")
    print(f"{sum(job.size for job in world.memory.jobs.values()) >> 20} MiB of inputs; {counts['gaps']} gaps")
    times = sorted(world.memory.acknowledged_at)
    print(f"longest time without an acknowledged creation: {max((b - a for a, b in zip(times, times[1:])), default=0):.1f} s")
    for name, count in sorted(counts.items()):
        print(f"  {count:7}  {name}")
    for name, count in sorted(audit.attempts.items()):
        print(f"  {count:7}  attempts that ended as: {name}")


def complain(world, options):
    """Prints the violations, the whole history of their jobs, and the tails of the logs."""
    violations = world.memory.violations
    print(f"\n{world.stage.tails()}\n")
    shown = collections.OrderedDict.fromkeys(job_id for job_id, _ in violations if job_id in world.memory.jobs)
    for job_id in list(shown)[:10]:
        print(f"--- job {job_id}\n" + "\n".join(world.memory.jobs[job_id].history))
    print(f"\n{len(violations)} VIOLATIONS")
    for job_id, text in violations[:50]:
        print(f"  {job_id or '-'}: {text}")
    print(f"seed {options.seed}")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="ledger", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=12, help="how many faults (12)")
    parser.add_argument("--seconds", type=float, help="how long faults and load last (two seconds for each fault)")
    parser.add_argument("--rate", type=float, default=60, help="jobs that are created each second, about (60)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6), help="seed of all choices (random)")
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = 2 * options.faults
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse(sys.argv[1:])
    print(f"ledger: seed {options.seed}, {options.faults} faults in {options.seconds:g} seconds", flush=True)
    begun = time.monotonic()
    world = World(options)
    try:
        watchers = work(world, options)
        audit = Audit(world.memory)
        with world.stage.connect() as connection:
            audit.check(read_rows(connection))
        check_watchers(watchers, dict(world.stage.query("SELECT id::text, status FROM agent_jobs")), world.memory)
        report(world, audit)
        if world.memory.violations:
            complain(world, options)
            return 1
    except BaseException:
        print(f"seed {options.seed}\n{world.stage.tails()}", file=sys.stderr)
        raise
    finally:
        world.close()
    print(f"ledger: no violations in {time.monotonic() - begun:.0f} s (seed {options.seed})")
    return 0


sys.exit(main())
