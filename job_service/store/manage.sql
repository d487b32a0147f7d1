-- Statements that cancel, retry and delete jobs. CancelJob, RetryJob and DeleteJob write one job, and wait while another
-- transaction holds it. CancelJobs, RetryJobs and DeleteJobs write many.

-- macro: cancelled_payload(of; error)
-- The payload of the row after a cancellation with the error object `error`.
{{failed_attempt({{of}}; {{error}})}} || jsonb_build_object('error', {{error}})

-- macro: retried_payload(of; max_attempts)
-- The payload of a failed row after a retry. Removes the error and keeps the input and the past errors. A job without attempts
-- left gets one more. A failed row of another program counts as one attempt.
--
-- The write moves `updated_at`, so a pushed job would seem to belong to a replica. The schedule `due` says that it belongs to
-- none.
(CASE WHEN {{is_envelope({{of}})}} THEN {{of}}result_payload - '{error,first_request}'::text[] ELSE '{"vibestack_job": 1}' END)
  || jsonb_build_object('attempts', greatest({{attempts({{of}})}}, 1), 'schedule', 'due', 'not_before', {{timestamp_text(now())}})
  || CASE WHEN greatest({{attempts({{of}})}}, 1) >= {{max_attempts}}
    THEN jsonb_build_object('max_attempts', greatest({{attempts({{of}})}}, 1) + 1) ELSE '{}' END

-- macro: held_jobs(errors; condition)
-- The CTEs `input` and `held` of a statement that writes the jobs $1 for the users $2; NULL in $2 means any user. $1 are
-- distinct ids. `errors` are the error objects of the jobs, or NULL. `held` has the jobs that belong to their user and meet
-- `condition`, locked in the order of their ids.
--
-- SKIP LOCKED leaves out a row that another transaction holds, so that no job waits for another one. The lock sees the newest
-- version of its row, so a concurrent write is not overwritten.
input AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], {{errors}}::jsonb[]) AS i (id, owner, error) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND (i.owner IS NULL OR a.user_id = i.owner) AND {{condition}}
    LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS locked
)

-- macro: was_cancelled(of)
-- Whether the job was cancelled.
coalesce({{of}}status, 'pending') = 'failed' AND coalesce({{of}}result_payload #>> '{error,code}', '') = 'CANCELLED'

-- name: CancelJob
-- Fails the job $1 with the error object $3. Returns no row if the job is terminal, or if $2 is not NULL and is not the job's
-- user. PostgreSQL checks the WHERE on the newest version of the row, so a concurrent completion is not overwritten.
UPDATE agent_jobs AS j SET status = 'failed', result_payload = {{cancelled_payload(j.; $3::jsonb)}}
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING {{job_columns(j.)}}, {{shown_payload(j.; false)}}

-- name: CancelJobs
-- CancelJob for the jobs $1 of the users $2 with the error objects $3.
WITH {{held_jobs($3; coalesce(a.status, 'pending') IN ('pending', 'processing'))}}
UPDATE agent_jobs AS j SET status = 'failed', result_payload = {{cancelled_payload(j.; h.error)}}
FROM held AS h WHERE j.id = h.id
RETURNING {{job_columns(j.)}}, NULL

-- name: RetryJob
-- Makes the failed job $1 pending. Returns no row if the job is not failed, or if $2 is not NULL and is not the job's user. $3 to
-- $5 are the arguments of max_attempts.
UPDATE agent_jobs AS j SET status = 'pending', result_payload = {{retried_payload(j.; {{max_attempts(j.; $3; $4; $5)}})}}
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid) AND j.status = 'failed'
RETURNING {{job_columns(j.)}}, {{shown_payload(j.; false)}}

-- name: RetryJobs
-- RetryJob for the jobs $1 of the users $2.
WITH {{held_jobs(NULL; a.status = 'failed')}}
UPDATE agent_jobs AS j SET status = 'pending', result_payload = {{retried_payload(j.; {{max_attempts(j.; $3; $4; $5)}})}}
FROM held AS h WHERE j.id = h.id
RETURNING {{job_columns(j.)}}, NULL

-- name: DeleteJob
-- Deletes the terminal job $1. Returns no row if the job is not terminal, or if $2 is not NULL and is not the job's user.
DELETE FROM agent_jobs AS j
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('completed', 'failed')
RETURNING {{job_columns(j.)}}, NULL

-- name: DeleteJobs
-- DeleteJob for the jobs $1 of the users $2.
WITH {{held_jobs(NULL; coalesce(a.status, 'pending') IN ('completed', 'failed'))}}
DELETE FROM agent_jobs AS j USING held AS h WHERE j.id = h.id
RETURNING {{job_columns(j.)}}, NULL

-- name: ExplainJob
-- Tells why the job $1 was not written: reads it with its result. The last column says whether it was cancelled.
SELECT {{job_columns(j.)}}, {{shown_payload(j.; false)}}, {{was_cancelled(j.)}}
FROM agent_jobs AS j WHERE j.id = $1::uuid

-- name: ExplainJobs
-- ExplainJob for the jobs $1, distinct ids, without their results.
SELECT {{job_columns(j.)}}, NULL, {{was_cancelled(j.)}}
FROM unnest($1::uuid[]) AS i (id)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
