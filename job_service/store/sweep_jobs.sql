-- Returns up to $2 processing jobs whose lease is older than $1 microseconds to pending.
-- By the database's clock alone. SKIP LOCKED passes over jobs that somebody is writing to just now:
-- they are alive. The UPDATE checks the age again on the version that was locked.
-- (Bounds in place of `=`, and the state in ORDER BY: see list_user_jobs_oldest.)
WITH expired AS (
  SELECT j.id FROM agent_jobs AS j
  WHERE (coalesce(j.status, 'pending'), j.updated_at)
      < ('processing', now() - $1::bigint * interval '1 microsecond')
    AND coalesce(j.status, 'pending') >= 'processing'
  ORDER BY coalesce(j.status, 'pending'), j.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM expired
WHERE j.id = expired.id AND j.status = 'processing'
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.workflow_id
