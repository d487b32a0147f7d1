-- Statements of the dispatcher, which posts the jobs of pushed workflows, and of the callbacks of runs.
--
-- A pending job belongs to the replica that claimed or renewed it, until the visibility timeout has passed since its
-- `updated_at`. The fencing token is `updated_at`, as for a worker's lease.

-- macro: dispatchable_jobs()
-- The jobs that ClaimDispatches claims.
WITH locked AS (
  SELECT p.id, {{payload_bytes(p.)}} AS bytes FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND {{is_ready(p.)}} AND NOT {{is_refused(p.; $5)}}
    AND (p.updated_at = p.created_at OR p.updated_at < now() - $3::bigint * interval '1 microsecond'
      OR {{is_oversized(p.)}} OR {{is_due(p.)}})
    AND ({{is_oversized(p.)}} OR {{lacks_input(p.)}} IS NOT TRUE)
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
), picked AS (
  SELECT f.id FROM (
    SELECT id, sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before FROM locked
  ) AS f WHERE f.bytes_before < $4::bigint
)

-- name: FindDispatchable
-- The companion of ClaimDispatches.
{{dispatchable_jobs()}}
SELECT id FROM picked LIMIT 1

-- name: ClaimDispatches
-- Claims up to $2 ready jobs of the pushed workflow $1 for a dispatch, oldest first. The jobs stay pending. The write moves
-- `updated_at`, so the jobs belong to this replica for the visibility timeout of $3 microseconds. $4 bounds the bytes of the
-- payloads, as $5 does in ClaimFairly. A job with an oversized payload becomes failed instead. $5 are the refused jobs
-- (refused.sql).
--
-- Jobs that may be claimed:
-- - new jobs: nothing wrote them since their creation
-- - jobs with the schedule `due`: the sweep of scheduled jobs or RetryJob wrote them last. The claim removes the key
-- - jobs whose visibility timeout has passed, for example because their replica crashed
--
-- FOR UPDATE SKIP LOCKED leaves out rows that another replica is claiming. The lock checks the newest version of a row. The
-- workflow is compared by two bounds instead of `=`: see claim.sql.
{{dispatchable_jobs()}}
UPDATE agent_jobs AS j SET status = {{unless_oversized(j.; 'pending')}}, result_payload = CASE
    WHEN {{is_oversized(j.)}} THEN j.result_payload WHEN {{is_due(j.)}} THEN j.result_payload - 'schedule' ELSE j.result_payload END
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING {{job_columns(j.)}}, NULL

-- name: RenewDispatches
-- Restarts the visibility timeout of pending jobs, during the wait for a retry and before it. $1 are distinct ids, $2 their
-- fencing tokens. $3 are the times of the first requests of the present attempts, in microseconds since 1970. The statement
-- stores such a time in the envelope. NULL stores nothing, so the payload is not read. Returns the jobs that still belong to
-- this replica, with their new tokens. Fence and locks: as in FinishJobs. A job that another transaction has locked is left out:
-- it may be claimed again after its visibility timeout.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS i (id, token, first_request) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND (a.status = 'pending' OR a.status IS NULL) AND {{micros(a.updated_at)}} = i.token
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
  ) AS locked
)
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE WHEN h.first_request IS NULL THEN j.result_payload
    ELSE {{envelope(j.)}} || jsonb_build_object('first_request',
      {{timestamp_text(timestamptz 'epoch' + h.first_request * interval '1 microsecond')}}) END
FROM held AS h
WHERE j.id = h.id AND (j.status = 'pending' OR j.status IS NULL) AND {{micros(j.updated_at)}} = h.token
RETURNING {{job_columns(j.)}}, NULL

-- name: SettleDispatch
-- Stores the outcome of the dispatch of the pending job $1: the status $3, with the output or the error object $4. An accepted
-- job becomes processing and keeps its payload. $2 is the job's fencing token. Returns no row if the job was written in the
-- meantime: a callback came before the response, somebody cancelled the job, or another replica claimed it.
UPDATE agent_jobs AS j SET status = $3::text, result_payload = CASE $3::text WHEN 'processing' THEN j.result_payload
    ELSE {{payload_after(j.; $3::text; $4::jsonb; false; NULL::interval; 1)}} END
FROM {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND (j.status = 'pending' OR j.status IS NULL) AND {{micros(j.updated_at)}} = $2::bigint
RETURNING j.workflow_id

-- macro: is_attempt(of; attempt)
-- Whether `attempt` is the number of the present attempt of a pending or processing job.
{{attempts({{of}})}} + 1 = {{attempt}}::integer

-- name: ReportRun
-- Stores the progress that a callback of the attempt $3 reports for the job $1. $2 is the progress; NULL keeps the present one.
-- The job becomes processing, even if its dispatch has no outcome yet. Returns no row if the job is terminal, does not exist, or
-- is in another attempt.
UPDATE agent_jobs AS j SET status = 'processing', result_payload = CASE WHEN $2::jsonb IS NULL THEN j.result_payload
    ELSE {{envelope(j.)}} || jsonb_build_object('progress', $2::jsonb) END
FROM {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') IN ('pending', 'processing') AND {{is_attempt(j.; $3)}}
RETURNING {{job_columns(j.)}}, NULL

-- name: FinishRun
-- Ends the job $1 with the status $2 and the output or error object $3 of a callback of the attempt $4. Returns no row if the job
-- is terminal, does not exist, or is in another attempt. The job may be pending, because a run may call back before its dispatch
-- has an outcome.
--
-- $5 says whether a failure is retryable. $6 is the delay before the next attempt in microseconds; NULL means the backoff. $7 to
-- $9 are the arguments of max_attempts.
UPDATE agent_jobs AS j SET
  status = {{status_after(j.; $2::text; $5::boolean; {{max_attempts(j.; $7; $8; $9)}})}},
  result_payload = {{payload_after(j.; $2::text; $3::jsonb; $5::boolean; $6::bigint * interval '1 microsecond';
    {{max_attempts(j.; $7; $8; $9)}})}}
FROM {{lock_timeout('50ms')}}
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') IN ('pending', 'processing') AND {{is_attempt(j.; $4)}}
RETURNING {{job_columns(j.)}}, NULL

-- name: CompareRun
-- Tells why a callback of the attempt $4 wrote nothing. $1 is the job, $2 the status and $3 the output or error object of the
-- callback. The last two columns say whether the row already has this outcome, and whether a later attempt has begun. The number
-- of a failed job's last attempt is the number of its failures.
SELECT {{job_columns(j.)}}, NULL, CASE $2
    WHEN 'completed' THEN j.status = 'completed' AND j.result_payload = $3::jsonb
    WHEN 'failed' THEN j.status = 'failed' AND j.result_payload -> 'error' = $3::jsonb
      OR {{is_envelope(j.)}} AND j.result_payload -> 'errors' -> -1 -> 'attempt' = to_jsonb($4::integer)
        AND j.result_payload -> 'errors' -> -1 -> 'code' = $3::jsonb -> 'code'
    ELSE false END,
  j.status <> 'completed' AND {{attempts(j.)}} + CASE WHEN j.status = 'failed' THEN 0 ELSE 1 END > $4::integer
FROM agent_jobs AS j WHERE j.id = $1::uuid

-- macro: late_runs()
-- The jobs that ExpireRuns writes.
WITH late AS (
  SELECT e.id, now() - w.micros * interval '1 microsecond' AS updated_before
  FROM unnest($1::text[], $2::bigint[]) AS w (workflow_id, micros) CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'processing'
      AND j.workflow_id >= w.workflow_id AND j.workflow_id <= w.workflow_id
      AND j.updated_at < now() - w.micros * interval '1 microsecond'
      AND NOT {{is_refused(j.; $8)}}
    ORDER BY j.workflow_id, j.updated_at LIMIT $3::integer FOR UPDATE SKIP LOCKED
  ) AS e LIMIT $3::integer
)

-- name: FindLateRun
-- The companion of ExpireRuns.
{{late_runs()}}
SELECT id FROM late WHERE {{takes($4::jsonb)}} AND {{takes($5::text[])}} AND {{takes($6::integer[])}} AND {{takes($7::integer)}} LIMIT 1

-- name: ExpireRuns
-- Ends the attempt of up to $3 processing jobs of the pushed workflows $1 whose run was accepted, or last reported progress,
-- longer ago than the workflow's processing timeout in $2, in microseconds. $4 is the error object. A job becomes pending and
-- waits for its backoff, or fails after its last attempt. $5 to $7 are the arguments of max_attempts. A job with an oversized
-- payload fails and keeps its payload; the last column says so. $8 are the refused jobs (refused.sql).
--
-- SKIP LOCKED leaves out jobs that another transaction is writing. The UPDATE checks status and age again on the newest version
-- of the locked row.
{{late_runs()}}
UPDATE agent_jobs AS j SET
  status = {{unless_oversized(j.; {{status_after(j.; 'failed'; true; {{max_attempts(j.; $5; $6; $7)}})}})}},
  result_payload = CASE WHEN {{is_oversized(j.)}} THEN j.result_payload
    ELSE {{payload_after(j.; 'failed'; $4::jsonb; true; NULL::interval; {{max_attempts(j.; $5; $6; $7)}})}} END
FROM late
WHERE j.id = late.id AND j.status = 'processing' AND j.updated_at < late.updated_before
RETURNING j.id, j.workflow_id, j.status, {{is_oversized(j.)}}

-- macro: is_overdue(of; dispatch_timeout; visibility_timeout)
-- Whether the first request of a pending job failed longer ago than the dispatch timeout, and its visibility timeout has passed.
-- Both are in microseconds. A text that is no time of ours does not count.
{{of}}updated_at < now() - {{visibility_timeout}}::bigint * interval '1 microsecond'
  AND {{is_oversized({{of}})}} IS NOT TRUE AND {{first_request({{of}})}} > '1970'
  AND {{first_request({{of}})}} < {{timestamp_text(now() - {{dispatch_timeout}}::bigint * interval '1 microsecond')}}

-- macro: overdue_jobs()
-- The jobs that FailOverdue fails.
WITH oldest AS MATERIALIZED (
  SELECT p.id, p.updated_at <> p.created_at AND {{is_overdue(p.; $2; $3)}} AS is_overdue FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND {{is_ready(p.)}} AND NOT {{is_refused(p.; $6)}}
    AND p.created_at < now() - $2::bigint * interval '1 microsecond'
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1000
), overdue AS (
  SELECT l.id FROM (SELECT o.id FROM oldest AS o WHERE o.is_overdue LIMIT $4::integer) AS o CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE j.id = o.id AND (j.status = 'pending' OR j.status IS NULL)
    LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS l
)

-- name: FindOverdue
-- The companion of FailOverdue.
{{overdue_jobs()}}
SELECT id FROM overdue WHERE {{takes($5::jsonb)}} LIMIT 1

-- name: FailOverdue
-- Fails up to $4 ready jobs of the pushed workflow $1 whose first request of the present attempt failed more than $2 microseconds
-- ago, and that belong to no replica, for example because their replica crashed. $3 is the visibility timeout in microseconds
-- (ClaimDispatches). $5 is the error object, $6 are the refused jobs (refused.sql). Jobs without a failed request stay, however
-- old they are.
--
-- The statement examines the 1,000 oldest ready jobs only, because dispatchers claim the oldest jobs first. It does not read the
-- payload of a job that nothing wrote since its creation. SKIP LOCKED leaves out jobs that another transaction is writing. The
-- UPDATE checks the visibility timeout and the first request again on the newest version of the locked row.
{{overdue_jobs()}}
UPDATE agent_jobs AS j SET status = 'failed',
  result_payload = {{payload_after(j.; 'failed'; $5::jsonb; false; NULL::interval; 1)}}
FROM overdue
WHERE j.id = overdue.id AND (j.status = 'pending' OR j.status IS NULL) AND {{is_overdue(j.; $2; $3)}}
RETURNING j.id, j.workflow_id, j.status, false
