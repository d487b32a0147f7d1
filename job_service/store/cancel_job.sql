-- Ends the job $1 with the result $2 unless it is terminal; where $3 is given, only if it is that
-- user's. The WHERE is checked on the newest version, so a completion that came first stays.
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $2::jsonb
WHERE j.id = $1::uuid AND ($3::uuid IS NULL OR j.user_id = $3::uuid)
  AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, j.result_payload::text
