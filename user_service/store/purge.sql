-- Statements that purge a user, and the statement that exports a user's jobs.

-- name: LockJobsOfUser
-- Locks all jobs of the user $1, in the order of their ids. The statements of job_service lock in the same order, so the two
-- never deadlock. Waits only briefly for another transaction that has locked one of these jobs, because this one would keep the
-- others locked meanwhile. The lock_timeout holds for the whole transaction.
SELECT count(*) FROM {{lock_timeout('500ms')}},
  LATERAL (
    SELECT FROM agent_jobs WHERE user_id = $1::uuid AND lock_timeout.set_config IS NOT NULL ORDER BY id FOR UPDATE
  ) AS locked

-- name: DeleteJobsOfUser
-- Deletes up to $4 jobs of the user $1 after the position ($2, $3), oldest first. Returns one row: the position of the last job
-- and the number of deleted jobs. Returns no row if there were no jobs. SKIP LOCKED leaves out jobs that another transaction has
-- locked since LockJobsOfUser.
WITH batch AS (
  SELECT id, created_at FROM agent_jobs
  WHERE (user_id, created_at, id) > ($1::uuid, $2::timestamptz, $3::uuid) AND user_id <= $1::uuid
  ORDER BY user_id, created_at, id LIMIT $4::bigint FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM agent_jobs AS j USING batch WHERE j.id = batch.id RETURNING j.id
)
SELECT {{micros(created_at)}}, id, (SELECT count(*) FROM deleted)
FROM batch ORDER BY created_at DESC, id DESC LIMIT 1

-- name: DeleteUser
-- Deletes the user $1. The foreign key refuses this while the user has jobs.
DELETE FROM users WHERE id = $1::uuid RETURNING id

-- name: ExportJobsOfUser
-- Reads up to $4 jobs of the user $1 after the position ($2, $3), oldest first. The page ends before the results of its jobs
-- exceed $5 bytes together, but it has at least one job.
SELECT id, workflow_id, status, result, {{micros(created_at)}}, {{micros(updated_at)}}
FROM (
  SELECT *, row_number() OVER so_far AS place, sum(octet_length(result)) OVER so_far AS bytes
  FROM (
    SELECT id, workflow_id, coalesce(status, 'pending') AS status, result_payload::text AS result, created_at, updated_at
    FROM agent_jobs
    WHERE (user_id, created_at, id) > ($1::uuid, $2::timestamptz, $3::uuid) AND user_id <= $1::uuid
    ORDER BY user_id, created_at, id LIMIT $4::bigint
  ) AS page
  WINDOW so_far AS (ORDER BY created_at, id ROWS UNBOUNDED PRECEDING)
) AS measured
WHERE place = 1 OR coalesce(bytes, 0) <= $5::bigint
ORDER BY created_at, id
