-- Deletes the terminal job $1; where $2 is given, only if it is that user's.
DELETE FROM agent_jobs AS j
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid)
  AND coalesce(j.status, 'pending') IN ('completed', 'failed')
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
