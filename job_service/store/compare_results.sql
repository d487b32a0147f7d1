-- Why jobs were not ended; $1 distinct ids, $2 results. Answers the jobs that exist, with 'same' in
-- place of the result where that is what the job stores already.
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  CASE WHEN j.result_payload = i.result THEN 'same' END
FROM unnest($1::uuid[], $2::jsonb[]) AS i (id, result)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
