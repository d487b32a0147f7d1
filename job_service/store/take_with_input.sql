-- Takes over the job $1 of the user $2 and the workflow $3 for a call that repeats its making and has the
-- input again: where the call before said that it failed ("input"), or did not end within the
-- workflow's hold of $4 microseconds. (The state in other words than in the indexes: see claim_oldest.)
UPDATE agent_jobs AS j SET result_payload = '{"awaiting": "acceptance"}'
WHERE j.id = $1::uuid AND j.user_id IS NOT DISTINCT FROM $2::uuid AND j.workflow_id = $3::text
  AND (j.status = 'pending' OR j.status IS NULL)
  AND (j.result_payload ->> 'awaiting' = 'input'
    OR j.result_payload ->> 'awaiting' = 'acceptance'
      AND j.updated_at < now() - $4::bigint * interval '1 microsecond')
RETURNING j.id, j.user_id, j.workflow_id, 'pending', (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
