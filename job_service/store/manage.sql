-- Statements that cancel, retry and delete single jobs. They wait only briefly for a job that another transaction has locked.

-- name: CancelJob
-- Fails the job $1 with the error object $2. Returns no row if the job is terminal, or if $3 is not NULL and is not the job's
-- user. PostgreSQL checks the WHERE on the newest version of the row, so a concurrent completion is not overwritten.
UPDATE agent_jobs AS j SET status = 'failed',
  result_payload = {{failed_attempt(j.; $2::jsonb)}} || jsonb_build_object('error', $2::jsonb)
FROM {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND ($3::uuid IS NULL OR j.user_id = $3::uuid)
  AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING {{job_columns(j.)}}, {{shown_payload(j.; false)}}

-- name: FindCancelled
-- Reads the job $1 with its result. The last column says whether the job was cancelled.
SELECT {{job_columns(j.)}}, {{shown_payload(j.; false)}},
  coalesce(j.status, 'pending') = 'failed'
    AND coalesce(j.result_payload #>> '{error,code}', '') = 'CANCELLED'
FROM agent_jobs AS j WHERE j.id = $1::uuid

-- name: RetryJob
-- Makes the failed job $1 pending and removes its error; its input and its past errors stay. Returns no row if the job is not
-- failed, or if $2 is not NULL and is not the job's user. A job without attempts left gets one more. $3 to $5 are the arguments
-- of max_attempts. A failed row of another program counts as one attempt.
--
-- The write moves `updated_at`, so a pushed job would seem to belong to a replica. The schedule `due` says that it belongs to
-- none.
UPDATE agent_jobs AS j SET status = 'pending', result_payload =
  (CASE WHEN {{is_envelope(j.)}} THEN j.result_payload - '{error,first_request}'::text[] ELSE '{"vibestack_job": 1}' END)
  || jsonb_build_object('attempts', greatest({{attempts(j.)}}, 1), 'schedule', 'due', 'not_before', {{timestamp_text(now())}})
  || CASE WHEN greatest({{attempts(j.)}}, 1) >= {{max_attempts(j.; $3; $4; $5)}}
    THEN jsonb_build_object('max_attempts', greatest({{attempts(j.)}}, 1) + 1) ELSE '{}' END
FROM {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid) AND j.status = 'failed'
RETURNING {{job_columns(j.)}}, {{shown_payload(j.; false)}}

-- name: DeleteJob
-- Deletes the terminal job $1. Returns no row if the job is not terminal, or if $2 is not NULL and is not the job's user.
DELETE FROM agent_jobs AS j USING {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('completed', 'failed')
RETURNING {{job_columns(j.)}}, NULL
