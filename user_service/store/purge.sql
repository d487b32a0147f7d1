-- Statements that purge a user, and that export the user's jobs before.

-- name: LockJobsOfUser
-- Locks all jobs of the user $1. Statements of job_service lock their rows by the order of the ids too, so that neither
-- deadlocks. The statement waits for everybody who is writing one of these jobs.
SELECT count(*) FROM (SELECT FROM agent_jobs WHERE user_id = $1::uuid ORDER BY id FOR UPDATE) AS locked

-- name: DeleteJobsOfUser
-- Deletes up to $4 jobs of the user $1 after the position ($2, $3), oldest first. Returns the position of the last one and how
-- many it deleted; no row when there were none.
-- SKIP LOCKED passes over jobs that somebody else holds: LockJobsOfUser waits for those.
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
-- Deletes the user $1. The foreign key refuses it while jobs refer to the user.
DELETE FROM users WHERE id = $1::uuid RETURNING id

-- name: ExportJobsOfUser
-- Reads up to $4 jobs of the user $1 after the position ($2, $3), oldest first. The page ends before the job whose result makes
-- the results together larger than $5 bytes; it holds one job at least.
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
