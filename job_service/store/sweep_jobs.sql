-- Returns up to $2 processing jobs whose lease is older than $1 microseconds to pending.
-- By the database's clock alone. SKIP LOCKED passes over jobs that somebody is writing to just now:
-- they are alive. The UPDATE checks the age again on the version that was locked.
WITH expired AS (
  SELECT j.id FROM agent_jobs AS j
  WHERE coalesce(j.status, 'pending') = 'processing'
    AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
  ORDER BY j.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM expired
WHERE j.id = expired.id AND j.status = 'processing'
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.workflow_id
