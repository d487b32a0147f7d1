-- All jobs: up to $4, newest first.
-- Before the position ($1, $2), none made before $3.
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  NULL
FROM agent_jobs AS j
WHERE (j.created_at, j.id) < ($1::timestamptz, $2::uuid)
  AND j.created_at >= $3::timestamptz
ORDER BY j.created_at DESC, j.id DESC LIMIT $4::integer
