-- Jobs by id; $1 distinct ids, $2 whether to read the result of each. Missing ones are left out.
-- (LIMIT 1 keeps the planner from turning the join around: each id is one look-up.)
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  CASE WHEN i.with_result THEN j.result_payload::text END
FROM unnest($1::uuid[], $2::boolean[]) AS i (id, with_result)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
