-- Statements that claim pending jobs for workers. When they write `status`, the trigger moves `updated_at`, which is the lease
-- token.
--
-- ClaimFairly and ClaimOldest are written so that the planner uses the right indexes:
-- - A workflow is compared by two bounds instead of `=`, and ORDER BY begins with it. Only the index that begins with the
--   workflow has this order, so the planner uses this index, whatever its estimates are.
-- - The UPDATE finds its rows by id. It does not check the status by the expression of the indexes of ready jobs, so the planner
--   cannot use these indexes there.

-- macro: payload_bytes(of)
-- The stored size of a payload that a claim reads.
CASE WHEN {{is_oversized({{of}})}} THEN 0 ELSE coalesce(pg_column_size({{of}}result_payload), 0) END

-- macro: no_job(user_id; workflow_id)
-- As many columns as job_columns, for a row that is no job.
NULL, {{user_id}}, {{workflow_id}}, NULL, NULL, NULL

-- macro: fair_jobs()
-- The jobs that ClaimFairly claims.
WITH RECURSIVE owners AS (
  SELECT w.workflow_id, f.user_id, 1 AS n
  FROM unnest($1::text[], $2::uuid[]) AS w (workflow_id, after) CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE {{is_ready(j.)}}
      AND (j.workflow_id, j.user_id) > (w.workflow_id, w.after) AND j.workflow_id <= w.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  UNION ALL
  SELECT o.workflow_id, f.user_id, o.n + 1
  FROM owners AS o CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE {{is_ready(j.)}}
      AND (j.workflow_id, j.user_id) > (o.workflow_id, o.user_id) AND j.workflow_id <= o.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  WHERE o.n < $3::integer
), share AS (  -- the fair number of jobs of each user, rounded up
  SELECT ($4::integer + greatest(count(*), 1) - 1) / greatest(count(*), 1) AS jobs FROM owners
), candidates AS (
  SELECT c.id, c.created_at, c.turn FROM owners AS o CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE {{is_ready(j.)}}
        AND j.workflow_id >= o.workflow_id AND j.workflow_id <= o.workflow_id
        AND j.user_id >= o.user_id AND j.user_id <= o.user_id AND NOT {{is_refused(j.; $6)}}
      ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
  UNION ALL
  SELECT c.id, c.created_at, c.turn FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE {{is_ready(j.)}}
        AND j.workflow_id >= w.workflow_id AND j.workflow_id <= w.workflow_id
        AND j.user_id IS NULL AND NOT {{is_refused(j.; $6)}}
      ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
), chosen AS (
  SELECT id, turn, created_at FROM candidates ORDER BY turn, created_at, id LIMIT $4::integer
), locked AS (
  SELECT c.turn, c.created_at, l.* FROM chosen AS c CROSS JOIN LATERAL (
    SELECT j.id, {{payload_bytes(j.)}} AS bytes FROM agent_jobs AS j
    WHERE j.id = c.id AND (j.status = 'pending' OR j.status IS NULL)
      AND ({{is_oversized(j.)}} OR {{is_scheduled(j.)}} IS NOT TRUE)
    LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS l
), picked AS (
  SELECT f.id FROM (
    SELECT id, sum(bytes) OVER (ORDER BY turn, created_at, id) - bytes AS bytes_before FROM locked
  ) AS f WHERE f.bytes_before < $5::bigint
)

-- name: FindFair
-- The companion of ClaimFairly.
{{fair_jobs()}}
SELECT id FROM picked LIMIT 1

-- name: ClaimFairly
-- Claims up to $4 ready jobs of the workflows $1, round robin over their users: the oldest job of each user, then the second job
-- of each user, and so on. The job whose payload brings the sum of the stored sizes to $5 bytes is the last one. The last column
-- is the stored size of the job's payload, in bytes. A job with an oversized payload becomes failed instead of processing. $6
-- are the refused jobs (refused.sql).
--
-- The statement finds the users by an index skip scan: it jumps from one user to the next in the index that begins with
-- (workflow_id, user_id). It visits up to $3 users of each workflow, beginning after the user in $2. So it reads few rows,
-- however many jobs are pending. The jobs without a user count as one more user.
--
-- The statement locks only the rows that it has chosen. SKIP LOCKED leaves out a row that another claim has locked, and the lock
-- checks the newest version of a row. So the statement may return fewer jobs than are ready. The store then calls ClaimOldest for
-- the rest.
--
-- A row without an id has the user at which the skip scan of a workflow stopped: more users may follow.
{{fair_jobs()}}, claimed AS (
  UPDATE agent_jobs AS j SET status = {{unless_oversized(j.; 'processing')}}
  FROM picked
  WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
  RETURNING {{job_columns(j.)}}, NULL, {{payload_bytes(j.)}}
)
SELECT claimed.* FROM claimed
UNION ALL
SELECT {{no_job(user_id; workflow_id)}}, NULL, 0 FROM owners WHERE n = $3::integer

-- macro: oldest_jobs()
-- The jobs that ClaimOldest claims.
WITH locked AS (
  SELECT j.id, j.bytes FROM (
    SELECT w.workflow_id FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
      SELECT p.created_at FROM agent_jobs AS p
      WHERE p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
        AND {{is_ready(p.)}}
      ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
    ) AS head
    ORDER BY head.created_at
  ) AS o CROSS JOIN LATERAL (
    SELECT p.id, {{payload_bytes(p.)}} AS bytes FROM agent_jobs AS p
    WHERE p.workflow_id >= o.workflow_id AND p.workflow_id <= o.workflow_id
      AND {{is_ready(p.)}} AND NOT {{is_refused(p.; $4)}}
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
), picked AS (
  SELECT f.id FROM (
    SELECT id, sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before FROM locked
  ) AS f WHERE f.bytes_before < $3::bigint
)

-- name: FindOldest
-- The companion of ClaimOldest.
{{oldest_jobs()}}
SELECT id FROM picked LIMIT 1

-- name: ClaimOldest
-- Claims up to $2 ready jobs of the workflows $1. Orders the workflows by the age of their oldest ready job, and claims the jobs
-- of the first workflow, oldest first, then those of the next. $3 bounds the payloads as $5 does in ClaimFairly, and the last
-- column is the same. $4 are the refused jobs (refused.sql).
--
-- The outer LIMIT reads one row at a time, so the statement locks only the first $2 rows. SKIP LOCKED leaves out only rows that
-- another transaction has locked. The lock checks the newest version of a row.
{{oldest_jobs()}}
UPDATE agent_jobs AS j SET status = {{unless_oversized(j.; 'processing')}}
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING {{job_columns(j.)}}, NULL, {{payload_bytes(j.)}}

-- name: LockWorkflow
-- Locks the workflow $1 for claims until the end of the transaction. CountProcessing, which follows, then counts what every
-- earlier claim of the workflow has committed.
SELECT pg_advisory_xact_lock(hashtextextended('vibestack.max_processing ' || $1::text, 0))

-- name: CountProcessing
-- Counts the jobs of the workflow $1 that are processing or under dispatch, each kind up to $2. A pending job is under dispatch
-- while it belongs to a replica (dispatch.sql). $3 is the visibility timeout in microseconds; 0 for a pulled workflow.
-- The index of dispatched jobs has only the pending jobs that something wrote since their creation. The conditions on the pending
-- jobs are exactly those of the index.
SELECT (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS j
      WHERE coalesce(j.status, 'pending') = 'processing' AND j.workflow_id >= $1::text AND j.workflow_id <= $1::text
      ORDER BY j.workflow_id, j.updated_at LIMIT $2::integer
    ) AS c
  ) + (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS p
      WHERE coalesce(p.status, 'pending') = 'pending' AND p.updated_at <> p.created_at
        AND (p.result_payload -> 'vibestack_job' = '1' AND p.result_payload ->> 'schedule' IN ('waiting', 'due')) IS NOT TRUE
        AND p.workflow_id >= $1::text AND p.workflow_id <= $1::text
        AND p.updated_at > now() - $3::bigint * interval '1 microsecond'
      ORDER BY p.workflow_id, p.updated_at LIMIT $2::integer
    ) AS c
  )
