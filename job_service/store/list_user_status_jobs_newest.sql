-- Jobs of the user $6 in the state $7, and of the workflow $8 where it is given: up to $4, newest first.
-- Before the position ($1, $2), none made before $3; with the result if $5.
-- (Bounds in place of `=`, and the column in ORDER BY: only the index that begins with it has that
-- order, whatever the planner believes of how many rows have one value.)
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  CASE WHEN $5::boolean THEN j.result_payload::text END
FROM agent_jobs AS j
WHERE (j.user_id, j.created_at, j.id) < ($6::uuid, $1::timestamptz, $2::uuid)
  AND (j.user_id, j.created_at) >= ($6::uuid, $3::timestamptz)
  AND coalesce(j.status, 'pending') = $7::text
  AND ($8::text IS NULL OR j.workflow_id = $8::text)
ORDER BY j.user_id DESC, j.created_at DESC, j.id DESC LIMIT $4::integer
