-- Statements that run from time to time on every replica: sweeps and retention.
--
-- Only the database's clock counts. Several replicas may run one of these at the same time: SKIP LOCKED passes over rows that
-- another one holds, and the write checks its conditions again on the newest version of the locked row.

-- name: SweepJobs
-- Makes up to $2 processing jobs pending whose lease ran out. A lease of the workflows $3 is $4 microseconds long; below
-- zero it never runs out. The lease of all other workflows is $1 microseconds long.
--
-- The statement finds the workflows with an index skip scan: it hops from one to the next in the index (workflow_id, updated_at).
-- So it does not read jobs whose lease is valid. A job that somebody is writing to at this moment is alive: SKIP LOCKED passes
-- over it.
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
    ORDER BY j.workflow_id, j.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS e
  WHERE l.micros >= 0 LIMIT $2::integer
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM expired
WHERE j.id = expired.id AND j.status = 'processing' AND j.updated_at < expired.updated_before
RETURNING j.id, j.workflow_id

-- name: ExpireJobs
-- Deletes up to $2 terminal jobs that ended more than $1 microseconds ago.
-- The status is compared by `=`, so that the scan ends at the age. A comparison of rows would read all jobs of the status.
WITH old AS (
  SELECT j.id FROM unnest(ARRAY['completed', 'failed']) AS s (status) CROSS JOIN LATERAL (
    SELECT a.id FROM agent_jobs AS a
    WHERE coalesce(a.status, 'pending') = s.status
      AND a.updated_at < now() - $1::bigint * interval '1 microsecond'
    ORDER BY a.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)
DELETE FROM agent_jobs AS j USING old
WHERE j.id = old.id AND j.status IN ('completed', 'failed')
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.user_id
