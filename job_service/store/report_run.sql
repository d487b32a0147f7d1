-- Stores the progress of the run of the job $1, by its callback: the part $2 of its result, or what is
-- there where $2 is NULL. The job is processing then, also if the answer to its dispatch is not read.
UPDATE agent_jobs AS j SET status = 'processing', result_payload = coalesce($2::jsonb, CASE
    WHEN j.status = 'processing' THEN j.result_payload END)
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') IN ('pending', 'processing')
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
