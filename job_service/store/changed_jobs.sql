-- Which jobs changed lately: of each of the states $1 up to $4 past the position ($2, $3) of
-- `(updated_at, id)`, oldest change first. Read from the index alone.
-- (Bounds in place of `=`, and the state in ORDER BY: see list_user_jobs_oldest.)
SELECT j.status, j.id, (extract(epoch FROM j.updated_at) * 1000000)::bigint
FROM unnest($1::text[], $2::timestamptz[], $3::uuid[]) AS s (status, after, after_id)
CROSS JOIN LATERAL (
  SELECT coalesce(a.status, 'pending') AS status, a.updated_at, a.id FROM agent_jobs AS a
  WHERE (coalesce(a.status, 'pending'), a.updated_at, a.id) > (s.status, s.after, s.after_id)
    AND coalesce(a.status, 'pending') <= s.status
  ORDER BY coalesce(a.status, 'pending'), a.updated_at, a.id LIMIT $4::integer
) AS j
