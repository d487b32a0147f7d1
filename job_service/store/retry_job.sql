-- Makes the failed job $1 pending, without its error; where $2 is given, only if it is that user's.
-- The write moves updated_at, by which a job of a pushed workflow, one of $3, would seem to be in a
-- replica's hands: {"awaiting": "dispatch"} says that it is in nobody's.
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE
    WHEN j.workflow_id = ANY($3::text[]) THEN '{"awaiting": "dispatch"}'::jsonb END
WHERE j.id = $1::uuid AND ($2::uuid IS NULL OR j.user_id = $2::uuid) AND j.status = 'failed'
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
