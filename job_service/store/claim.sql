-- Statements that claim pending jobs for workers. When they write `status`, the trigger moves `updated_at`, which is the lease
-- token.
--
-- Both statements have two forms for the planner:
-- - A workflow is compared by two bounds instead of `=`, and ORDER BY begins with it. Only the index that begins with the
--   workflow has this order, so the planner uses this index, whatever its estimates are.
-- - The UPDATE finds its rows by id. It does not check the status by the expression of the indexes of pending jobs, so the
--   planner cannot use these indexes there.

-- macro: no_job(user_id; workflow_id)
-- As many columns as job_columns, for a row that is no job.
NULL, {{user_id}}, {{workflow_id}}, NULL, NULL, NULL

-- name: ClaimFairly
-- Claims up to $4 pending jobs of the workflows $1, round robin over their users: the oldest job of each user, then the second
-- job of each user, and so on.
--
-- The statement finds the users by an index skip scan: it jumps from one user to the next in the index that begins with
-- (workflow_id, user_id). It visits up to $3 users of each workflow, beginning after the user in $2. So it reads few rows,
-- however many jobs are pending. The jobs without a user count as one more user.
--
-- The statement locks only the rows that it has chosen. SKIP LOCKED leaves out a row that another claim has locked, and the lock
-- checks the newest version of a row. So the statement may return fewer jobs than are pending. The store then calls ClaimOldest
-- for the rest.
--
-- A row without an id has the user at which the skip scan of a workflow stopped: more users may follow.
WITH RECURSIVE owners AS (
  SELECT w.workflow_id, f.user_id, 1 AS n
  FROM unnest($1::text[], $2::uuid[]) AS w (workflow_id, after) CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending'
      AND (j.workflow_id, j.user_id) > (w.workflow_id, w.after) AND j.workflow_id <= w.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  UNION ALL
  SELECT o.workflow_id, f.user_id, o.n + 1
  FROM owners AS o CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending'
      AND (j.workflow_id, j.user_id) > (o.workflow_id, o.user_id) AND j.workflow_id <= o.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  WHERE o.n < $3::integer
), share AS (
  SELECT ($4::integer + greatest(count(*), 1) - 1) / greatest(count(*), 1) AS jobs FROM owners
), candidates AS (
  SELECT c.id, c.created_at, c.turn FROM owners AS o CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE coalesce(j.status, 'pending') = 'pending'
        AND (j.workflow_id, j.user_id) >= (o.workflow_id, o.user_id)
        AND (j.workflow_id, j.user_id) <= (o.workflow_id, o.user_id)
      ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
  UNION ALL
  SELECT c.id, c.created_at, c.turn FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE coalesce(j.status, 'pending') = 'pending'
        AND j.workflow_id = w.workflow_id AND j.user_id IS NULL
      ORDER BY j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
), chosen AS (
  SELECT id FROM candidates ORDER BY turn, created_at, id LIMIT $4::integer
), picked AS (
  SELECT locked.id FROM chosen AS c CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE j.id = c.id AND (j.status = 'pending' OR j.status IS NULL)
    LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS locked
), claimed AS (
  UPDATE agent_jobs AS j SET status = 'processing'
  FROM picked
  WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
  RETURNING {{job_columns(j.)}}
)
SELECT claimed.*, NULL FROM claimed
UNION ALL
SELECT {{no_job(user_id; workflow_id)}}, NULL FROM owners WHERE n = $3::integer

-- name: ClaimOldest
-- Claims up to $2 pending jobs of the workflows $1. Orders the workflows by the age of their oldest pending job, and claims the
-- jobs of the first workflow, oldest first, then those of the next.
--
-- The outer LIMIT reads one row at a time, so the statement locks only the rows that it claims. SKIP LOCKED leaves out only rows
-- that another transaction has locked. The lock checks the newest version of a row.
WITH picked AS (
  SELECT j.id FROM (
    SELECT w.workflow_id FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
      SELECT p.created_at FROM agent_jobs AS p
      WHERE p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
        AND coalesce(p.status, 'pending') = 'pending'
      ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
    ) AS head
    ORDER BY head.created_at
  ) AS o CROSS JOIN LATERAL (
    SELECT p.id FROM agent_jobs AS p
    WHERE p.workflow_id >= o.workflow_id AND p.workflow_id <= o.workflow_id
      AND coalesce(p.status, 'pending') = 'pending'
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)
UPDATE agent_jobs AS j SET status = 'processing'
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING {{job_columns(j.)}}, NULL
