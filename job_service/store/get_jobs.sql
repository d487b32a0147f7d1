-- Jobs by id; $1 distinct ids, $2 whether to read the result of each, but for a job whose updated_at is
-- still that in $3. Missing ones are left out.
-- (LIMIT 1 keeps the planner from turning the join around: each id is one look-up.)
SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending'),
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint,
  CASE WHEN i.with_result AND (extract(epoch FROM j.updated_at) * 1000000)::bigint IS DISTINCT FROM i.known
    THEN j.result_payload::text END
FROM unnest($1::uuid[], $2::boolean[], $3::bigint[]) AS i (id, with_result, known)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j
