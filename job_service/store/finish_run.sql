-- Ends the job $1 with the state $2 and the result $3, by its run's callback, unless it has ended. It
-- may be pending still: a run may call back before the answer to its dispatch is read.
UPDATE agent_jobs AS j SET status = $2, result_payload = $3::jsonb
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
