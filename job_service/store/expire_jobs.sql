-- Deletes up to $2 terminal jobs that ended more than $1 microseconds ago.
-- By the database's clock alone. SKIP LOCKED passes over what another replica is deleting; the DELETE
-- checks state and age again on the version that was locked.
-- (With the state by `=` the scan ends at the age; a comparison of rows would read on through all of the state.)
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
