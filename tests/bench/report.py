"""The benchmark's results: medians, ratios, and their targets."""

import collections
import dataclasses
import statistics

# The yardsticks.
HEALTH = "health check (RPC ceiling)"
SELECT = "pgbench select"
INSERT = "pgbench insert, silent"
INSERT_NOTIFY = "pgbench insert, NOTIFY"
INSERT_BATCH = "pgbench insert of a batch"
WORK_SQL = "pgbench claim and finish of a batch"
# What is measured against them.
GET_OWN = "GetUser, own row"
GET_RANDOM = "GetUser, random rows"
CREATE = "CreateJob"
CREATE_BATCH = "BatchCreateJobs"
WORK = "ClaimJobs and BatchFinishJobs"
START = "CreateJob until the worker has the job"
START_FAR = "the same at another replica"
WATCH = "change until the job's watcher knows it"
WATCH_ONE = "change until each of all watchers knows it"

STATEMENT = {GET_OWN: SELECT, GET_RANDOM: SELECT, CREATE: INSERT}
JOB_STATEMENT = {CREATE_BATCH: INSERT_BATCH, WORK: WORK_SQL}
JOB_SHARE = {CREATE_BATCH: 0.7, WORK: 2 / 3}
START_MILLIS = 4
READY_MILLIS = 150
RESIDENT_MIB = 40


@dataclasses.dataclass
class Sample:
    """One measurement; pgbench gives no percentiles."""

    rate: float
    p50_micros: float | None = None
    p99_micros: float | None = None
    client_cpu_micros: float | None = None


class Samples:
    """All measurements, by number in flight and case."""

    def __init__(self):
        self._samples = collections.defaultdict(list)

    def add(self, in_flight, case, sample):
        self._samples[in_flight, case].append(sample)

    def __contains__(self, key):
        return key in self._samples

    def keys(self):
        return list(self._samples)

    def rates(self, in_flight, case):
        return [sample.rate for sample in self._samples[in_flight, case]]

    def median(self, in_flight, case, field="rate"):
        values = [getattr(sample, field) for sample in self._samples[in_flight, case]]
        return None if None in values else statistics.median(values)

    def mean_micros(self, in_flight, case):
        """Returns the mean latency, derived from the rate of the closed loop."""
        return in_flight / self.median(in_flight, case) * 1e6

    def ratio(self, in_flight, case, yardstick):
        """Returns the median of the rounds' ratios. The two measurements of a pair are close together in time."""
        pairs = zip(self.rates(in_flight, case), self.rates(in_flight, yardstick))
        return statistics.median(rate / other for rate, other in pairs)

    def latency_ratio(self, in_flight, case, parts):
        """The median of the rounds' mean latencies, each in relation to the sum of its parts' in that round."""
        rounds = zip(self.rates(in_flight, case), *(self.rates(in_flight, part) for part in parts))
        return statistics.median(1 / rate / sum(1 / other for other in others) for rate, *others in rounds)


class Latencies:
    """Latencies in microseconds by case, and the share of the commit's flush."""

    def __init__(self):
        self._rounds = collections.defaultdict(list)
        self._flushes = []

    def add(self, case, result):
        self._rounds[case].append(result)

    def add_flush(self, insert_micros, flush_micros):
        self._flushes.append((insert_micros, flush_micros))

    def cases(self):
        return list(self._rounds)

    def median(self, case, field):
        return statistics.median(result[f"{field}_micros"] for result in self._rounds[case])

    def insert_micros(self):
        """Returns the latency of a plain SQL insert."""
        return statistics.median(insert for insert, _ in self._flushes)

    def flush_micros(self):
        return statistics.median(flush for _, flush in self._flushes)


@dataclasses.dataclass
class Target:
    text: str
    value: float
    limit: float
    at_least: bool
    unit: str = "x"

    @property
    def met(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self):
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "NOT MET"
        target = f"target {sign} {self.limit:g} {self.unit}"
        return f"  {verdict:<8}{self.text:<66}{self.value:8.2f} {self.unit:<4}({target})"


def number(value):
    return f"{value:,.0f}" if value is not None else "-"


def table(samples):
    """The table of rates, latencies (µs) and ratios, as lines."""
    heading = ("in flight", "case", "calls/s", "min … max", "mean µs", "p50 µs", "p99 µs", "× ceiling", "× pgbench",
               "client µs")
    rows = [heading]
    for in_flight, case in samples.keys():
        rates = samples.rates(in_flight, case)
        statement = STATEMENT.get(case)
        rows.append((
            str(in_flight), case, number(statistics.median(rates)), f"{number(min(rates))} … {number(max(rates))}",
            number(samples.mean_micros(in_flight, case)),
            number(samples.median(in_flight, case, "p50_micros")),
            number(samples.median(in_flight, case, "p99_micros")),
            f"{samples.ratio(in_flight, case, HEALTH):.2f}" if statement else "",
            f"{samples.ratio(in_flight, case, statement):.2f}" if statement else "",
            number(samples.median(in_flight, case, "client_cpu_micros"))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    return ["  ".join(cell.ljust(width) if column == 1 else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def rate_targets(samples):
    targets = [Target(f"{case} / RPC ceiling at 256", samples.ratio(256, case, HEALTH), 0.5, True)
               for case in (GET_OWN, GET_RANDOM) if (256, case) in samples]
    targets += [Target(f"CreateJob / pgbench's silent insert at {in_flight}",
                       samples.ratio(in_flight, CREATE, INSERT), 1.5, True)
                for in_flight in (64, 256) if (in_flight, CREATE) in samples]
    for case in (GET_OWN, GET_RANDOM, CREATE):
        if (1, case) in samples:
            targets.append(Target(f"{case}: latency / (statement + health check) at 1",
                                  samples.latency_ratio(1, case, (STATEMENT[case], HEALTH)), 1.5, False))
    return targets


def idle_targets(ready_millis, resident_mib):
    targets = [Target(f"{name}: start until ready", statistics.median(millis), READY_MILLIS, False, "ms")
               for name, millis in ready_millis.items()]
    return targets + [Target(f"{name}: resident memory when idle", mib, RESIDENT_MIB, False, "MiB")
                      for name, mib in resident_mib.items()]


def notes(samples):
    """Returns informative ratios without a target."""
    return [f"  CreateJob / pgbench's insert with the NOTIFY trigger at {in_flight}: "
            f"{samples.ratio(in_flight, CREATE, INSERT_NOTIFY):.2f} x"
            for in_flight, case in samples.keys() if case == CREATE]


def job_table(samples):
    """Jobs a second by calls and by SQL, as lines."""
    return [f"  {case:<32}{clients:>3} clients {number(samples.median(clients, case)):>8} jobs/s, by SQL alone "
            f"{number(samples.median(clients, statement)):>8}: {samples.ratio(clients, case, statement):.2f} x"
            for clients, case in samples.keys() if (statement := JOB_STATEMENT.get(case))]


def job_targets(samples):
    return [Target(f"{case} / SQL alone, {clients} at once", samples.ratio(clients, case, JOB_STATEMENT[case]),
                   JOB_SHARE[case], True)
            for clients, case in samples.keys() if case in JOB_STATEMENT]


def latency_table(latencies):
    """Latencies beside that of the call that began them, as lines."""
    lines = [f"  {case:<44}p50 {number(latencies.median(case, 'p50')):>7} us, p99 "
             f"{number(latencies.median(case, 'p99')):>7} us; the call's own answer p50 "
             f"{number(latencies.median(case, 'answer_p50')):>7} us: "
             f"{latencies.median(case, 'p50') / latencies.median(case, 'answer_p50'):.2f} x"
             for case in latencies.cases()]
    if START in latencies.cases():
        lines.append(f"  an insert by SQL alone takes {number(latencies.insert_micros())} us, "
                     f"{number(latencies.flush_micros())} us of it the commit's flush")
    return lines


def latency_targets(latencies):
    return [Target(f"{case}, beyond one flush, p50",
                   (latencies.median(case, "p50") - latencies.flush_micros()) / 1e3, START_MILLIS, False, "ms")
            for case in (START, START_FAR) if case in latencies.cases()]
