-- The job $1, and last whether it was cancelled.
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, j.result_payload::text,
  coalesce(j.status, 'pending') = 'failed'
    AND coalesce(j.result_payload #>> '{error,code}', '') = 'CANCELLED'
FROM agent_jobs AS j WHERE j.id = $1::uuid
