-- Stores the progress of the run of the job $1, by its callback: the part $2 of its result, or what is
-- there where $2 is NULL. The job is processing then, also if the answer to its dispatch is not read.
-- A job that was retried and waits to be posted again is left alone: this is a run from before, and a
-- job that is processing is never posted.
UPDATE agent_jobs AS j SET status = 'processing', result_payload = coalesce($2::jsonb, CASE
    WHEN j.status = 'processing' THEN j.result_payload END)
WHERE j.id = $1::uuid AND (j.status = 'processing' OR (coalesce(j.status, 'pending') = 'pending'
  AND coalesce(j.result_payload ->> 'awaiting', '') <> 'dispatch'))
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
