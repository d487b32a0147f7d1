-- Statements that cancel, retry and delete single jobs.

-- name: CancelJob
-- Fails the job $1 with the result $2. Returns no row if the job is terminal, or if $3 is not NULL and is not the job's user.
-- PostgreSQL checks the WHERE on the newest version of the row, so a concurrent completion is not overwritten.
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $2::jsonb
WHERE j.id = $1::uuid AND ($3::uuid IS NULL OR j.user_id = $3::uuid)
  AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING {{job_columns(j.)}}, j.result_payload::text

-- name: FindCancelled
-- Reads the job $1 with its result. The last column says whether the job was cancelled.
SELECT {{job_columns(j.)}}, j.result_payload::text,
  coalesce(j.status, 'pending') = 'failed'
    AND coalesce(j.result_payload #>> '{error,code}', '') = 'CANCELLED'
FROM agent_jobs AS j WHERE j.id = $1::uuid

-- name: RetryJob
-- Makes the failed job $1 pending and removes its error. Returns no row if the job is not failed, or if $2 is not NULL and is not
-- the job's user. $3 are the pushed workflows. The write moves `updated_at`, so a pushed job would seem to belong to a replica.
-- {"awaiting": "dispatch"} says that it belongs to none.
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE
    WHEN j.workflow_id = ANY($3::text[]) THEN '{"awaiting": "dispatch"}'::jsonb END
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid) AND j.status = 'failed'
RETURNING {{job_columns(j.)}}, NULL

-- name: DeleteJob
-- Deletes the terminal job $1. Returns no row if the job is not terminal, or if $2 is not NULL and is not the job's user.
DELETE FROM agent_jobs AS j
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('completed', 'failed')
RETURNING {{job_columns(j.)}}, NULL
