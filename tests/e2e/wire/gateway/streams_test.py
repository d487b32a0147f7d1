"""Browsers watch jobs by server-sent events through the gateway."""

import asyncio
import json
import os
import re
import signal
import time
import unittest
import urllib.request

from tests.e2e.wire.gateway.world import World
from tests.support.waiting import eventually

WATCHERS = 1000
SECONDS = 60


class EventStream:
    """A GET whose answer the test reads event by event."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self.status, self.headers = None, {}
        self.last_id, self.error, self.cut_off = None, None, False

    @classmethod
    async def open(cls, world, path, token=None, last_event_id=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", world.up.ports["GATEWAY_PORT"])
        stream = cls(reader, writer)
        authorization = f"authorization: Bearer {token}\r\n" if token else ""
        authorization += f"last-event-id: {last_event_id}\r\n" if last_event_id else ""
        writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{authorization}\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)).decode()
        stream.status = int(head.split()[1])
        stream.headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        return stream

    async def next(self):
        """Returns the next event's message; None if the stream has ended. Then `error` is the Status of the last event, if it was
        `event: error`, and `cut_off` is whether the connection broke."""
        kind = None
        while True:
            line = await asyncio.wait_for(self._reader.readline(), SECONDS)
            if line.startswith(b"event: "):
                kind = line[7:].strip()
            elif line.startswith(b"id: "):
                self.last_id = line[4:].strip().decode()
            elif line.startswith(b"data: ") and kind == b"error":
                self.error = json.loads(line[6:])
            elif line.startswith(b"data: "):
                return json.loads(line[6:])
            elif line in (b"0\r\n", b""):
                self.cut_off = line == b""
                return None

    def close(self):
        self._writer.close()

    async def closed(self):
        """Closes the stream immediately, not at the loop's next iteration."""
        self._writer.close()
        await self._writer.wait_closed()


def streams_under_way(world):
    """Returns the number of the gateway's open calls to job_service, from its metrics."""
    url = f"http://127.0.0.1:{world.up.ports['GATEWAY_ADMIN']}/stats?filter=^cluster.job_service.upstream_rq_active$"
    with urllib.request.urlopen(url, timeout=5) as response:
        return int(re.search(r": (\d+)", response.read().decode())[1])


class StreamsTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def create(self, person, workflow="streams"):
        return self.world.must("CreateJob", {"workflow_id": workflow}, person.token)["id"]

    def claim(self, workflow):
        return self.world.must("ClaimJobs", {"workflow_ids": [workflow], "max_jobs": 1000}, self.world.worker)["jobs"]

    def complete(self, claimed):
        self.world.must("CompleteJob", {"id": claimed["job"]["id"], "lease_token": claimed["lease_token"],
                                        "result_payload": {"done": True}}, self.world.worker)

    async def test_a_watch_sends_every_change_as_an_event_and_ends(self):
        person = self.world.person()
        job = self.create(person, "every-change")
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        self.assertEqual((stream.status, stream.headers["content-type"]), (200, "text/event-stream"))
        self.assertEqual((await stream.next())["status"], "PENDING")
        claimed = self.claim("every-change")[0]
        self.assertEqual((await stream.next())["status"], "PROCESSING")
        self.complete(claimed)
        last = await stream.next()
        self.assertEqual((last["status"], last["result_payload"]), ("COMPLETED", {"done": True}))
        self.assertIsNone(await stream.next())

    async def test_a_watch_that_an_error_ends_says_so_in_its_last_event(self):
        person = self.world.person()
        job = self.create(person)
        one = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        everything = await EventStream.open(self.world, "/v1/jobs:watch", person.token)
        self.assertEqual((await one.next())["id"], job)
        await self.ids_until(everything, lambda event: event["caught_up"])
        self.world.must("UpdateUser", {"user": {"id": person.id, "is_active": False}, "update_mask": "is_active"},
                        self.world.superuser.token)
        for stream in (one, everything):
            await self.last_of(stream)
            self.assertEqual((stream.error["code"], stream.error["details"][0]["reason"]), (16, "ACCOUNT_INACTIVE"))
            self.assertFalse(stream.cut_off)

    async def test_a_deleted_job_ends_its_watch_with_not_found(self):
        person = self.world.person()
        job = self.create(person)
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        await stream.next()
        self.world.query(f"DELETE FROM agent_jobs WHERE id = '{job}'")
        self.assertIsNone(await stream.next())
        self.assertEqual(stream.error["details"][0]["reason"], "JOB_NOT_FOUND")

    async def test_an_event_source_that_has_seen_the_end_is_told_to_stop(self):
        person = self.world.person()
        job = self.create(person)
        self.world.must("CancelJob", {"id": job}, person.token)
        path = f"/v1/jobs/{job}:watch"
        stream = await EventStream.open(self.world, path, person.token)
        self.assertEqual((await stream.next())["status"], "FAILED")
        self.assertIsNone(await stream.next())
        again = await EventStream.open(self.world, path, person.token, stream.last_id)
        self.assertEqual((again.status, again.headers.get("content-type")), (204, None))
        other = await EventStream.open(self.world, path, person.token, "17")
        self.assertEqual((other.status, (await other.next())["status"]), (200, "FAILED"))
        self.world.must("RetryJob", {"id": job}, person.token)
        retried = await EventStream.open(self.world, path, person.token, stream.last_id)
        self.assertEqual((retried.status, (await retried.next())["status"]), (200, "PENDING"))
        retried.close()

    async def test_a_stream_that_its_service_cannot_end_is_cut_off(self):
        person = self.world.person()
        job = self.create(person)
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        await stream.next()
        os.kill(self.world.up.pid("job_service"), signal.SIGKILL)
        self.assertIsNone(await stream.next())
        self.assertEqual((stream.error, stream.cut_off), (None, True))
        self.assertEqual(self.world.up.run()[0], 0)  # starts the service again, for the other tests

    async def test_an_export_over_rest_has_an_end_mark(self):
        person = self.world.person()
        self.create(person)
        stream = await EventStream.open(self.world, "/v1/users/me:export", person.token)
        messages = [await stream.next(), await stream.next(), await stream.next()]
        self.assertEqual([message["complete"] for message in messages], [False, False, True])
        self.assertIsNone(await stream.next())

    async def test_an_event_source_may_bring_its_token_in_the_query(self):
        person = self.world.person()
        job = self.create(person)
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch?view=BASIC&access_token={person.token}")
        self.assertEqual((await stream.next())["id"], job)
        stream.close()
        # Other paths take no token in the query, because links with tokens leak.
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}?access_token={person.token}")
        self.assertEqual(stream.status, 401)

    async def test_a_token_in_a_query_gets_into_no_log(self):
        marker = "not-to-be-seen"
        os.kill(self.world.up.pid("job_service"), signal.SIGUSR1)  # each call is a line
        paths = ["/v1/jobs:watch", "/v1/jobs/7:watch", "/v1/jobs/7:watch/", "/v1/jobs/7", "/nothing", "/v1/auth/login", "/docs"]
        for path in paths:
            for query in (f"access_token={marker}", f"access_token={marker}%0a", f"view=BASIC&access_token={marker}&access_token=2",
                          f"access%5Ftoken={marker}", f"Access_Token={marker}", f"x=%00{marker}"):
                stream = await EventStream.open(self.world, f"{path}?{query}")
                stream.close()
        self.world.rest.raw("GET", "/last-of-these")
        logs = self.world.up.place / "log"
        self.assertTrue(eventually(lambda: "/last-of-these" in (logs / "gateway.log").read_text(encoding="utf-8")))
        os.kill(self.world.up.pid("job_service"), signal.SIGUSR2)
        for log in logs.iterdir():
            self.assertNotIn(marker, log.read_text(encoding="utf-8"), log.name)

    async def test_a_silent_stream_gives_signs_of_life_when_asked_for(self):
        person = self.world.person()
        job = self.create(person)
        one = await EventStream.open(self.world, f"/v1/jobs/{job}:watch?heartbeat=1s", person.token)
        everything = await EventStream.open(self.world, "/v1/jobs:watch?heartbeat=1s", person.token)
        for _ in range(3):
            self.assertEqual((await one.next())["status"], "PENDING")
        for _ in range(4):
            self.assertIsNotNone(await everything.next())
        one.close()
        everything.close()

    async def test_a_watch_resumed_misses_nothing(self):
        person = self.world.person()
        job = self.create(person, "resumed")
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        await stream.next()
        stream.close()
        self.complete(self.claim("resumed")[0])  # while nobody watches
        stream = await EventStream.open(self.world, f"/v1/jobs/{job}:watch", person.token)
        self.assertEqual((await stream.next())["status"], "COMPLETED")
        self.assertIsNone(await stream.next())

    async def test_all_jobs_are_watched_by_their_events_and_a_resumed_watch_misses_nothing(self):
        person = self.world.person()
        watched = self.create(person, "all")
        stream = await EventStream.open(self.world, "/v1/jobs:watch", person.token)
        self.assertEqual(await self.ids_until(stream, lambda event: event["caught_up"]), [watched])
        created = self.create(person, "all-later")
        await self.ids_until(stream, lambda event: created in [job["id"] for job in event["jobs"]])
        stream.close()
        self.complete(self.claim("all")[0])  # while nobody watches
        self.world.must("CancelJob", {"id": created}, person.token)
        self.world.must("DeleteJob", {"id": created}, person.token)
        # The new stream has the jobs that ended since the last event. A job that it lacks is deleted.
        self.assertTrue(stream.last_id)
        stream = await EventStream.open(self.world, "/v1/jobs:watch", person.token, stream.last_id)
        self.assertEqual(await self.ids_until(stream, lambda event: event["caught_up"]), [watched])
        deleted = self.create(person, "all-last")
        self.world.must("CancelJob", {"id": deleted}, person.token)
        self.world.must("DeleteJob", {"id": deleted}, person.token)
        await self.ids_until(stream, lambda event: deleted in event["deleted_ids"])
        stream.close()

    async def ids_until(self, stream, wanted):
        """Returns the ids of the jobs in the events up to the wanted event."""
        ids = []
        while True:
            event = await stream.next()
            self.assertIsNotNone(event, "the stream has ended")
            ids += [job["id"] for job in event["jobs"]]
            if wanted(event):
                return ids

    async def test_refusals_are_errors_like_all_others(self):
        person = self.world.person()
        stream = await EventStream.open(self.world, "/v1/jobs/no-id:watch", person.token)
        self.assertEqual(stream.status, 400)

    async def test_a_thousand_watchers_get_their_results_and_closed_ones_free_everything(self):
        person = self.world.person()
        requests = [{"workflow_id": "thousand"} for _ in range(WATCHERS)]
        jobs = self.world.must("BatchCreateJobs", {"requests": requests}, person.token)["jobs"]
        # Streams that other tests closed may still be ending.
        self.assertTrue(eventually(lambda: streams_under_way(self.world) == self.waiting_calls() == 0, SECONDS))
        began = time.monotonic()
        streams = await self.open_each(jobs, person)
        opened = time.monotonic() - began
        self.assertEqual(streams_under_way(self.world), WATCHERS)
        # These close while nothing changes, so only the closing can end them.
        leaving = await self.open_each(jobs[:WATCHERS // 2], person)
        self.assertEqual(self.waiting_calls(), WATCHERS + len(leaving))
        await asyncio.gather(*(stream.closed() for stream in leaving))
        self.assertTrue(eventually(lambda: streams_under_way(self.world) == self.waiting_calls() == WATCHERS, SECONDS))
        began = time.monotonic()
        for claimed in self.claim("thousand"):
            self.complete(claimed)
        ends = await asyncio.gather(*(self.last_of(stream) for stream in streams))
        self.assertEqual({job["status"] for job in ends}, {"COMPLETED"})
        print(f"\nstreams: {WATCHERS} opened in {opened:.1f} s, all ended in {time.monotonic() - began:.1f} s")
        self.assertTrue(eventually(lambda: streams_under_way(self.world) == 0, SECONDS))

    async def open_each(self, jobs, person):
        """Opens a stream for each job and reads the job's present state from it."""
        streams = await asyncio.gather(*(EventStream.open(self.world, f"/v1/jobs/{job['id']}:watch", person.token)
                                         for job in jobs))
        first = await asyncio.gather(*(stream.next() for stream in streams))
        self.assertEqual({job["status"] for job in first}, {"PENDING"})
        return streams

    def waiting_calls(self):
        """Returns the number of calls in job_service that wait for change events, from its metrics."""
        url = f"http://127.0.0.1:{self.world.up.ports['JOB_METRICS']}/metrics"
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(re.search(r"^vibestack_waiting_calls (\d+)", response.read().decode(), re.MULTILINE)[1])

    @staticmethod
    async def last_of(stream):
        last = None
        while (event := await stream.next()) is not None:
            last = event
        return last


if __name__ == "__main__":
    unittest.main()
