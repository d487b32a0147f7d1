-- Statements that every replica runs periodically: sweeps and retention.
--
-- They use the database's clock only. Several replicas may run the same statement at the same time: SKIP LOCKED leaves out rows
-- that another transaction has locked, and the write checks its conditions again on the newest version of the locked row.

-- macro: expired_leases()
-- The jobs whose leases have expired; see SweepJobs.
WITH RECURSIVE running AS (
  (SELECT j.workflow_id FROM agent_jobs AS j WHERE coalesce(j.status, 'pending') = 'processing'
   ORDER BY j.workflow_id, j.updated_at LIMIT 1)
  UNION ALL
  SELECT f.workflow_id FROM running AS r CROSS JOIN LATERAL (
    SELECT j.workflow_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'processing' AND j.workflow_id > r.workflow_id
    ORDER BY j.workflow_id, j.updated_at LIMIT 1
  ) AS f
), leases AS (
  SELECT r.workflow_id, coalesce((
    SELECT l.micros FROM unnest($3::text[], $4::bigint[]) AS l (workflow_id, micros)
    WHERE l.workflow_id = r.workflow_id LIMIT 1
  ), $1::bigint) AS micros
  FROM running AS r
), expired AS (
  SELECT e.id, e.updated_before FROM leases AS l CROSS JOIN LATERAL (
    SELECT j.id, now() - l.micros * interval '1 microsecond' AS updated_before FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'processing'
      AND j.workflow_id >= l.workflow_id AND j.workflow_id <= l.workflow_id
      AND j.updated_at < now() - l.micros * interval '1 microsecond'
      AND NOT {{is_refused(j.; $8)}}
    ORDER BY j.workflow_id, j.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS e
  WHERE l.micros >= 0 LIMIT $2::integer
)

-- name: SweepJobs
-- Ends the attempt of up to $2 processing jobs whose lease has expired. A job becomes pending and waits for its backoff, or fails
-- after its last attempt. Leases of the workflows $3 last $4 microseconds; a negative value means that they never expire. Leases
-- of all other workflows last $1 microseconds. $5 to $7 are the arguments of max_attempts. A job with an oversized payload fails
-- and keeps its payload; the last column says so. $8 are the refused jobs (refused.sql).
--
-- The statement finds the workflows by an index skip scan: it jumps from one workflow to the next in the index (workflow_id,
-- updated_at). So it does not read jobs whose lease is valid. SKIP LOCKED leaves out a job that another transaction is writing,
-- because that job is alive.
{{expired_leases()}}
UPDATE agent_jobs AS j SET
  status = {{unless_oversized(j.; {{status_after(j.; 'failed'; true; {{max_attempts(j.; $5; $6; $7)}})}})}},
  result_payload = CASE WHEN {{is_oversized(j.)}} THEN j.result_payload ELSE {{failed_attempt(j.; '{"code": "LEASE_EXPIRED", "message": "the lease ran out"}'::jsonb)}}
    || CASE WHEN {{retries(j.; true; {{max_attempts(j.; $5; $6; $7)}})}} THEN {{waiting_for({{backoff(j.)}})}}
      ELSE jsonb_build_object('error',
        '{"code": "ATTEMPTS_EXHAUSTED", "message": "the lease of the last attempt ran out", "details": null}'::jsonb) END END
FROM expired
WHERE j.id = expired.id AND j.status = 'processing' AND j.updated_at < expired.updated_before
RETURNING j.id, j.workflow_id, j.status, {{is_oversized(j.)}}

-- name: FindExpiredLease
-- The companion of SweepJobs.
{{expired_leases()}}
SELECT id FROM expired WHERE {{takes($5::text[])}} AND {{takes($6::integer[])}} AND {{takes($7::integer)}} LIMIT 1

-- macro: due_jobs()
-- The scheduled jobs whose time has come; see ReleaseScheduled.
WITH due AS (
  SELECT d.id FROM (VALUES
    ('', {{timestamp_text(now())}}), ({{timestamp_text(now() + interval '400 days')}}, repeat(chr(1114111), 40))
  ) AS r (low, high) CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending' AND {{is_scheduled(j.)}}
      AND {{due_at(j.)}} >= r.low AND {{due_at(j.)}} <= r.high
      AND NOT {{is_refused(j.; $2)}}
    ORDER BY {{due_at(j.)}} LIMIT $1::integer FOR UPDATE SKIP LOCKED
  ) AS d LIMIT $1::integer
)

-- name: ReleaseScheduled
-- Makes up to $1 scheduled jobs ready whose time has come. job_service writes no time that is more than 400 days ahead. A job
-- with such a time, or with a text that is no time, has it from another program, and becomes ready at once. A job with an
-- oversized payload fails and keeps its payload; the last column says so. $2 are the refused jobs (refused.sql).
{{due_jobs()}}
UPDATE agent_jobs AS j SET status = {{unless_oversized(j.; j.status)}}, result_payload = CASE
    WHEN {{is_oversized(j.)}} THEN j.result_payload ELSE j.result_payload || '{"schedule": "due"}' END
FROM due
WHERE j.id = due.id AND (j.status = 'pending' OR j.status IS NULL)
  AND ({{is_oversized(j.)}} OR j.result_payload ->> 'schedule' = 'waiting')
RETURNING j.id, j.workflow_id, coalesce(j.status, 'pending'), {{is_oversized(j.)}}

-- name: FindScheduled
-- The companion of ReleaseScheduled.
{{due_jobs()}}
SELECT id FROM due LIMIT 1

-- macro: old_jobs()
-- The jobs whose retention is over; see ExpireJobs.
WITH old AS (
  SELECT j.id FROM unnest(ARRAY['completed', 'failed']) AS s (status) CROSS JOIN LATERAL (
    SELECT a.id FROM agent_jobs AS a
    WHERE coalesce(a.status, 'pending') = s.status
      AND a.updated_at < now() - $1::bigint * interval '1 microsecond'
      AND NOT {{is_refused(a.; $3)}}
    ORDER BY a.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)

-- name: ExpireJobs
-- Deletes up to $2 terminal jobs that ended more than $1 microseconds ago. Returns their ids and users. The status is compared
-- by `=`, so that the scan ends at the age. A row comparison would read all jobs of the status. $3 are the refused jobs
-- (refused.sql).
{{old_jobs()}}
DELETE FROM agent_jobs AS j USING old
WHERE j.id = old.id AND j.status IN ('completed', 'failed')
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.user_id

-- name: FindOldJob
-- The companion of ExpireJobs.
{{old_jobs()}}
SELECT id FROM old LIMIT 1
