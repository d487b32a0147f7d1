-- Statements for people who manage jobs: cancel, retry, delete.

-- name: CancelJob
-- Ends the job $1 with the result $2 unless the job is terminal. $3 limits it to the jobs of that user, unless it is NULL.
-- PostgreSQL checks the WHERE on the newest version of the row, so a completion that came first stays.
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
-- Makes the failed job $1 pending and removes its error. $2 limits it to the jobs of that user, unless it is NULL.
-- $3 are the pushed workflows. The write moves `updated_at`, and by this a pushed job would seem to belong to a replica:
-- {"awaiting": "dispatch"} says that it belongs to none.
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE
    WHEN j.workflow_id = ANY($3::text[]) THEN '{"awaiting": "dispatch"}'::jsonb END
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid) AND j.status = 'failed'
RETURNING {{job_columns(j.)}}, NULL

-- name: DeleteJob
-- Deletes the terminal job $1. $2 limits it to the jobs of that user, unless it is NULL.
DELETE FROM agent_jobs AS j
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('completed', 'failed')
RETURNING {{job_columns(j.)}}, NULL
