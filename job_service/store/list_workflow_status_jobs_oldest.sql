-- Jobs of the workflow $6 in the state $7: up to $4, oldest first.
-- After the position ($1, $2), none made at $3 or later; with the result if $5.
-- (Bounds in place of `=`, and the column in ORDER BY: only the index that begins with it has that
-- order, whatever the planner believes of how many rows have one value.)
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  CASE WHEN $5::boolean THEN j.result_payload::text END
FROM agent_jobs AS j
WHERE (j.workflow_id, j.created_at, j.id) > ($6::text, $1::timestamptz, $2::uuid)
  AND (j.workflow_id, j.created_at) < ($6::text, $3::timestamptz)
  AND coalesce(j.status, 'pending') = $7::text
ORDER BY j.workflow_id, j.created_at, j.id LIMIT $4::integer
