-- Deletes up to $2 terminal jobs that ended more than $1 microseconds ago.
-- By the database's clock alone. SKIP LOCKED passes over what another replica is deleting; the DELETE
-- checks state and age again on the version that was locked.
-- (Bounds in place of `=`, and the state in ORDER BY: see list_user_jobs_oldest.)
WITH old AS (
  SELECT j.id FROM unnest(ARRAY['completed', 'failed']) AS s (status) CROSS JOIN LATERAL (
    SELECT a.id FROM agent_jobs AS a
    WHERE (coalesce(a.status, 'pending'), a.updated_at)
        < (s.status, now() - $1::bigint * interval '1 microsecond')
      AND coalesce(a.status, 'pending') >= s.status
    ORDER BY coalesce(a.status, 'pending'), a.updated_at LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)
DELETE FROM agent_jobs AS j USING old
WHERE j.id = old.id AND j.status IN ('completed', 'failed')
  AND j.updated_at < now() - $1::bigint * interval '1 microsecond'
RETURNING j.id, j.user_id
