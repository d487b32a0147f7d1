-- Returns up to $2 processing jobs to pending whose lease is older than their workflow's: $4
-- microseconds for the workflows $3, below zero for never, and $1 for all others.
-- The workflows are found by hopping from one to the next in the index (workflow_id, updated_at), so
-- that what is not to be swept is not looked at.
-- By the database's clock alone. SKIP LOCKED passes over jobs that somebody is writing to just now:
-- they are alive. The UPDATE checks the age again on the version that was locked.
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
