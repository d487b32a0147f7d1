-- Makes the job $1 of the user $2 and the pushed workflow $3, whose input is with this call alone: it
-- stays pending with {"awaiting": "acceptance"} in place of a result, and no replica dispatches it by
-- itself. Nothing when the id is taken.
INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3::text, 'pending', '{"awaiting": "acceptance"}', now(), now())
ON CONFLICT (id) DO NOTHING
RETURNING id, user_id, workflow_id, status, (extract(epoch FROM created_at) * 1000000)::bigint,
  (extract(epoch FROM updated_at) * 1000000)::bigint, NULL
