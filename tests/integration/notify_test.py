"""The triggers: which changes NOTIFY names, when it stays silent, and that every write moves updated_at forward."""

import json
import os
import unittest
import uuid

import psycopg

JOBS = "vibestack_agent_jobs"
USERS = "vibestack_users"
INSERT_USERS = """
INSERT INTO users (id, email, hashed_password)
SELECT gen_random_uuid(), gen_random_uuid() || '@example.org', 'h' FROM generate_series(1, %s) RETURNING id::text
"""
INSERT_JOBS = """
INSERT INTO agent_jobs (id, workflow_id, status)
SELECT gen_random_uuid(), %s, %s FROM generate_series(1, %s) RETURNING id::text
"""


class DatabaseCase(unittest.TestCase):
    def setUp(self) -> None:
        self.writer = self.connect()
        self.listener = self.connect()
        for channel in (JOBS, USERS):
            self.listener.execute(f"LISTEN {channel}")
        self.addCleanup(self.writer.execute, "DELETE FROM agent_jobs; DELETE FROM users")

    def connect(self, options: str = "") -> psycopg.Connection:
        connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, options=options)
        self.addCleanup(connection.close)
        return connection

    def events(self) -> list[tuple[str, dict]]:
        """Returns the change events up to now. PostgreSQL delivers notifications in the order of their commits."""
        mark = str(uuid.uuid4())
        self.writer.execute("SELECT pg_notify(%s, %s)", (JOBS, json.dumps({"mark": mark})))
        found = []
        for notice in self.listener.notifies(timeout=20):
            self.assertLess(len(notice.payload.encode()), 8000)
            payload = json.loads(notice.payload)
            if payload.get("mark") == mark:
                return found
            self.assertEqual(notice.payload, json.dumps(payload, separators=(",", ":"), ensure_ascii=False))
            found.append((notice.channel, payload))
        self.fail("the mark did not arrive")

    def insert_jobs(self, count: int, workflow: str = "w", status: str | None = "pending") -> list[str]:
        return [row[0] for row in self.writer.execute(INSERT_JOBS, (workflow, status, count)).fetchall()]

    def insert_users(self, count: int) -> list[str]:
        return [row[0] for row in self.writer.execute(INSERT_USERS, (count,)).fetchall()]


class JobChangesTest(DatabaseCase):
    def test_insert_names_ids_and_pending_workflows(self) -> None:
        ids = self.insert_jobs(2, "a") + self.insert_jobs(1, "b", None) + self.insert_jobs(1, "c", "completed")
        self.assertEqual(
            self.events(),
            [
                (JOBS, {"ids": ids[:2], "pending": ["a"]}),
                (JOBS, {"ids": ids[2:3], "pending": ["b"]}),
                (JOBS, {"ids": ids[3:], "pending": []}),
            ],
        )

    def test_update_names_changed_ids_and_workflows_pending_now(self) -> None:
        ids = self.insert_jobs(2, "a") + self.insert_jobs(1, "b")
        self.events()
        self.writer.execute("UPDATE agent_jobs SET status = 'processing' WHERE workflow_id = 'a'")
        self.writer.execute("UPDATE agent_jobs SET status = 'pending' WHERE workflow_id = 'a'")
        first, second = self.events()
        self.assertEqual((sorted(first[1]["ids"]), first[1]["pending"]), (sorted(ids[:2]), []))
        self.assertEqual((sorted(second[1]["ids"]), second[1]["pending"]), (sorted(ids[:2]), ["a"]))

    def test_changed_key_names_both_ids(self) -> None:
        (old,) = self.insert_jobs(1)
        self.events()
        ((new,),) = self.writer.execute("UPDATE agent_jobs SET id = gen_random_uuid() RETURNING id::text").fetchall()
        self.assertEqual(set(self.events()[0][1]["ids"]), {old, new})

    def test_delete_names_ids_by_user(self) -> None:
        orphans = self.insert_jobs(2)
        (user,) = self.insert_users(1)
        owned = self.insert_jobs(300)
        self.writer.execute("UPDATE agent_jobs SET user_id = %s WHERE id = ANY(%s)", (user, owned))
        self.events()
        self.writer.execute("DELETE FROM agent_jobs")
        deleted = {"": [], user: []}
        for _, payload in self.events():
            self.assertEqual(list(payload), ["deleted"])
            for owner, ids in payload["deleted"].items():
                deleted[owner] += ids
        self.assertEqual(sorted(deleted[""]), sorted(orphans))
        self.assertEqual(sorted(deleted[user]), sorted(owned))

    def test_deleted_jobs_of_many_users_fit(self) -> None:
        users = self.insert_users(400)
        ids = self.insert_jobs(400)
        for user, job in zip(users, ids, strict=True):
            self.writer.execute("UPDATE agent_jobs SET user_id = %s WHERE id = %s", (user, job))
        self.events()
        self.writer.execute("DELETE FROM agent_jobs")
        deleted = [ids for _, payload in self.events() for ids in payload["deleted"].items()]
        self.assertEqual(sorted(deleted), sorted((user, [job]) for user, job in zip(users, ids, strict=True)))

    def test_statement_that_changes_nothing_is_silent(self) -> None:
        self.insert_jobs(0)
        self.writer.execute("UPDATE agent_jobs SET status = 'failed' WHERE false")
        self.writer.execute("DELETE FROM agent_jobs")
        self.writer.execute("UPDATE users SET bio = 'x' WHERE false")
        self.assertEqual(self.events(), [])

    def test_rolled_back_change_is_silent(self) -> None:
        with self.writer.transaction(force_rollback=True):
            self.insert_jobs(1)
        self.assertEqual(self.events(), [])

    def test_many_changes_are_split(self) -> None:
        ids = self.insert_jobs(3000)
        payloads = [payload for _, payload in self.events()]
        self.assertEqual(len(payloads), 20)
        self.assertLessEqual(max(len(payload["ids"]) for payload in payloads), 150)
        self.assertEqual(sorted(i for payload in payloads for i in payload["ids"]), sorted(ids))
        self.assertEqual([w for payload in payloads for w in payload["pending"]], ["w"])

    def test_too_many_changes_are_a_resync(self) -> None:
        self.insert_jobs(3001)
        self.assertEqual(self.events(), [(JOBS, {"resync": True})])

    def test_longest_workflow_names_fit(self) -> None:
        for letter in ("w", "ö", "\U0001f680", "\x01", '"'):
            statement = (
                "INSERT INTO agent_jobs (id, workflow_id) SELECT gen_random_uuid(),"
                " repeat(%s, 97) || to_char(n, 'FM000') FROM generate_series(1, 400) AS n RETURNING workflow_id"
            )
            names = [row[0] for row in self.writer.execute(statement, (letter,)).fetchall()]
            notices = list(self.listener.notifies(timeout=1))
            self.assertLess(max(len(notice.payload.encode()) for notice in notices), 8000)
            sent = [json.loads(notice.payload) for notice in notices]
            self.assertEqual(sorted(w for payload in sent for w in payload["pending"]), sorted(names))
            self.assertEqual(sum(len(payload["ids"]) for payload in sent), 400)
            self.writer.execute("SET vibestack.own_notify = 'on'; DELETE FROM agent_jobs; RESET vibestack.own_notify")

    def test_own_sessions_are_silent_on_jobs_but_not_on_users(self) -> None:
        own = self.connect("-c vibestack.own_notify=on")
        own.execute(INSERT_JOBS, ("w", "pending", 3))
        own.execute("UPDATE agent_jobs SET status = 'failed'")
        own.execute("DELETE FROM agent_jobs")
        self.assertEqual(self.events(), [])
        ((user,),) = own.execute(INSERT_USERS, (1,)).fetchall()
        self.assertEqual(self.events(), [(USERS, {"ids": [user]})])

    def test_truncate_is_resync_in_every_session(self) -> None:
        self.writer.execute("TRUNCATE agent_jobs")
        self.connect("-c vibestack.own_notify=on").execute("TRUNCATE users, agent_jobs CASCADE")
        self.assertEqual(self.events(), [(JOBS, {"resync": True}), (USERS, {"resync": True}), (JOBS, {"resync": True})])

    def test_search_path_of_the_writer_does_not_matter(self) -> None:
        self.writer.execute("CREATE SCHEMA evil")
        self.addCleanup(self.writer.execute, "DROP SCHEMA evil CASCADE")
        self.writer.execute("CREATE FUNCTION evil.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT 1/0'")
        self.writer.execute("SET search_path = evil, pg_catalog")
        self.addCleanup(self.writer.execute, "RESET search_path")
        self.writer.execute("INSERT INTO public.agent_jobs (id, workflow_id) VALUES (gen_random_uuid(), 'w')")
        self.writer.execute("UPDATE public.agent_jobs SET status = 'failed', created_at = NULL")
        self.writer.execute("DELETE FROM public.agent_jobs")
        self.writer.execute("SET search_path = public")
        self.assertEqual(len(self.events()), 3)


class UserNotifyTest(DatabaseCase):
    def test_every_change_names_ids(self) -> None:
        ids = self.insert_users(2)
        self.assertEqual(self.events(), [(USERS, {"ids": ids})])
        self.writer.execute("UPDATE users SET is_active = false WHERE id = %s", (ids[0],))
        self.assertEqual(self.events(), [(USERS, {"ids": ids[:1]})])
        self.writer.execute("DELETE FROM users WHERE id = %s", (ids[1],))
        self.assertEqual(self.events(), [(USERS, {"ids": ids[1:]})])

    def test_many_changes_are_split_and_too_many_are_a_resync(self) -> None:
        ids = self.insert_users(301)
        payloads = [payload["ids"] for _, payload in self.events()]
        self.assertEqual((sorted(map(len, payloads)), sorted(sum(payloads, []))), ([1, 150, 150], sorted(ids)))
        self.insert_users(3001)
        self.assertEqual(self.events(), [(USERS, {"resync": True})])


class TimesTest(DatabaseCase):
    def touch(self, assignment: str, table: str = "agent_jobs") -> tuple:
        """Updates the only row; returns whether updated_at moved forward, and its distance in microseconds."""
        with self.writer.transaction():
            ((before,),) = self.writer.execute(f"SELECT updated_at FROM {table}").fetchall()
            ((after,),) = self.writer.execute(f"UPDATE {table} SET {assignment} RETURNING updated_at").fetchall()
        return after > before, round((after - before).total_seconds() * 1e6)

    def test_updated_at_moves_forward_whatever_the_writer_sets(self) -> None:
        for table, insert in (("agent_jobs", self.insert_jobs), ("users", self.insert_users)):
            insert(1)
            for assignment in (
                "id = id",
                "updated_at = now() - interval '1 year'",
                "updated_at = NULL",
                "updated_at = updated_at",
                "created_at = NULL",
            ):
                self.assertTrue(self.touch(assignment, table)[0], assignment)

    def test_row_from_the_future_moves_by_a_microsecond(self) -> None:
        self.writer.execute(
            "INSERT INTO agent_jobs (id, workflow_id, updated_at)"
            " VALUES (gen_random_uuid(), 'w', now() + interval '1 day')"
        )
        self.assertEqual(self.touch("status = 'processing'"), (True, 1))
        self.assertEqual(self.touch("updated_at = now()"), (True, 1))

    def test_two_updates_in_one_transaction_differ(self) -> None:
        self.insert_jobs(1)
        with self.writer.transaction():
            self.assertTrue(self.touch("status = 'processing'")[0])
            self.assertTrue(self.touch("status = 'completed'")[0])

    def test_null_times_become_now_and_created_at_is_kept(self) -> None:
        statement = "INSERT INTO agent_jobs (id, workflow_id, created_at, updated_at) VALUES (gen_random_uuid(), 'w', NULL, NULL)"
        ((created, updated),) = self.writer.execute(f"{statement} RETURNING created_at, updated_at").fetchall()
        self.assertIsNotNone(created)
        self.assertIsNotNone(updated)
        self.writer.execute("UPDATE agent_jobs SET created_at = NULL")
        self.assertEqual(self.writer.execute("SELECT created_at FROM agent_jobs").fetchall(), [(created,)])


if __name__ == "__main__":
    unittest.main()
