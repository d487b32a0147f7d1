-- Statements of the dispatcher, which posts the jobs of pushed workflows, and of the callbacks of runs.
--
-- A pending job belongs to the replica that claimed or renewed it, until the visibility timeout has passed since its
-- `updated_at`. The fencing token is `updated_at`, as for a worker's lease.

-- name: ClaimDispatches
-- Claims up to $2 pending jobs of the pushed workflow $1 for a dispatch, oldest first. The jobs stay pending. The write moves
-- `updated_at`, so the jobs belong to this replica for the visibility timeout of $3 microseconds.
--
-- Jobs that may be claimed:
-- - new jobs: nothing wrote them since their creation
-- - retried jobs, with {"awaiting": "dispatch"}
-- - jobs whose visibility timeout has passed, for example because their replica crashed
-- Not claimed: jobs whose input only a create call has (CreateWithInput).
--
-- FOR UPDATE SKIP LOCKED leaves out rows that another replica is claiming. The lock checks the newest version of a row. The
-- workflow is compared by two bounds instead of `=`: see claim.sql.
WITH picked AS (
  SELECT p.id FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND coalesce(p.status, 'pending') = 'pending'
    AND coalesce(p.result_payload ->> 'awaiting', '') NOT IN ('input', 'acceptance')
    AND (p.updated_at = p.created_at OR p.updated_at < now() - $3::bigint * interval '1 microsecond'
      OR p.result_payload ->> 'awaiting' = 'dispatch')
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE
    WHEN j.result_payload ->> 'awaiting' = 'dispatch' THEN NULL ELSE j.result_payload END
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING {{job_columns(j.)}}, NULL

-- name: RenewDispatches
-- Restarts the visibility timeout of pending jobs, during the wait for a retry and before it. $1 are distinct ids, $2 their
-- fencing tokens. Returns the jobs that still belong to this replica, with their new tokens. Fence and locks: as in FinishJobs.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND coalesce(a.status, 'pending') = 'pending' AND {{micros(a.updated_at)}} = i.token
    LIMIT 1 FOR UPDATE
  ) AS locked
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM held AS h
WHERE j.id = h.id AND (j.status = 'pending' OR j.status IS NULL) AND {{micros(j.updated_at)}} = h.token
RETURNING {{job_columns(j.)}}, NULL

-- name: SettleDispatch
-- Stores the outcome of the dispatch of the pending job $1: the status $3 and the result $4. $2 is its fencing token. Returns no
-- row if the job was written in the meantime: a callback came before the response, somebody cancelled the job, or another replica
-- claimed it.
UPDATE agent_jobs AS j SET status = $3, result_payload = $4::jsonb
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') = 'pending' AND {{micros(j.updated_at)}} = $2::bigint
RETURNING j.id

-- name: ReportRun
-- Stores the progress that a callback reports for the job $1. $2 is the progress; NULL keeps the present one. The job becomes
-- processing, even if its dispatch has no outcome yet. Returns no row for a retried job that waits for its next dispatch
-- ({"awaiting": "dispatch"}), because the callback belongs to an earlier run.
UPDATE agent_jobs AS j SET status = 'processing', result_payload = coalesce($2::jsonb, CASE
    WHEN j.status = 'processing' THEN j.result_payload END)
WHERE j.id = $1::uuid AND (j.status = 'processing' OR (coalesce(j.status, 'pending') = 'pending'
  AND coalesce(j.result_payload ->> 'awaiting', '') <> 'dispatch'))
RETURNING {{job_columns(j.)}}, NULL

-- name: FinishRun
-- Ends the job $1 with the status $2 and the result $3 of its run's callback. Returns no row if the job is terminal or does not
-- exist. The job may be pending, because a run may call back before its dispatch has an outcome.
UPDATE agent_jobs AS j SET status = $2, result_payload = $3::jsonb
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING {{job_columns(j.)}}, NULL

-- macro: by_workflow_age(condition)
-- The ids of up to $3 jobs of the workflows $1 that meet the condition and whose `updated_at` is older than the workflow's age in
-- $2, in microseconds. `updated_before` is that age as a time. SKIP LOCKED leaves out jobs that another transaction is writing.
SELECT e.id, now() - w.micros * interval '1 microsecond' AS updated_before
FROM unnest($1::text[], $2::bigint[]) AS w (workflow_id, micros) CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE {{condition}}
      AND j.workflow_id >= w.workflow_id AND j.workflow_id <= w.workflow_id
      AND j.updated_at < now() - w.micros * interval '1 microsecond'
    ORDER BY j.workflow_id, j.updated_at LIMIT $3::integer FOR UPDATE SKIP LOCKED
  ) AS e LIMIT $3::integer

-- name: ExpireRuns
-- Fails up to $3 processing jobs of the pushed workflows $1 whose run was accepted, or last reported progress, longer ago than
-- the workflow's processing timeout in $2, in microseconds. $4 is the result. The UPDATE checks status and age again on the
-- newest version of the locked row.
WITH late AS (
  {{by_workflow_age(coalesce(j.status, 'pending') = 'processing')}}
)
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $4::jsonb
FROM late
WHERE j.id = late.id AND j.status = 'processing' AND j.updated_at < late.updated_before
RETURNING j.id

-- name: FailAwaitingInput
-- Fails up to $3 pending jobs of the pushed workflows $1 whose create call was not repeated: nothing wrote them for longer than
-- the workflow's time in $2, in microseconds. $4 is the result. No create call of these jobs has succeeded. The UPDATE checks
-- status and age again on the newest version of the locked row.
WITH late AS (
  {{by_workflow_age(coalesce(j.status, 'pending') = 'pending' AND j.result_payload IS NOT NULL
      AND j.result_payload ->> 'awaiting' IN ('input', 'acceptance'))}}
)
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $4::jsonb
FROM late
WHERE j.id = late.id AND (j.status = 'pending' OR j.status IS NULL) AND j.updated_at < late.updated_before
RETURNING j.id

-- name: FailOverdue
-- Fails up to $4 pending jobs of the pushed workflow $1 that are older than $2 microseconds and belong to no replica. $3 is the
-- visibility timeout in microseconds (ClaimDispatches). $5 is the result. SKIP LOCKED leaves out jobs that another transaction is
-- writing. The UPDATE checks the conditions again on the newest version of the locked row.
WITH overdue AS (
  SELECT p.id FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND coalesce(p.status, 'pending') = 'pending'
    AND p.created_at < now() - $2::bigint * interval '1 microsecond'
    AND coalesce(p.result_payload ->> 'awaiting', '') NOT IN ('input', 'acceptance')
    AND (p.updated_at = p.created_at OR p.updated_at < now() - $3::bigint * interval '1 microsecond')
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $5::jsonb
FROM overdue
WHERE j.id = overdue.id AND (j.status = 'pending' OR j.status IS NULL)
  AND (j.updated_at = j.created_at OR j.updated_at < now() - $3::bigint * interval '1 microsecond')
RETURNING j.id
