-- Of each of the workflows $1: how many jobs are in each state, up to $2, and for how many
-- microseconds the oldest pending one has been there (NULL without one). Counts are read from the
-- index and end at $2, so that a million finished jobs cost what $2 do.
-- (Bounds in place of `=`, and all columns in ORDER BY: see list_user_jobs_oldest.)
SELECT w.workflow_id, s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE (a.workflow_id, coalesce(a.status, 'pending')) >= (w.workflow_id, s.status)
        AND (a.workflow_id, coalesce(a.status, 'pending')) <= (w.workflow_id, s.status)
      ORDER BY a.workflow_id, coalesce(a.status, 'pending') LIMIT $2::integer
    ) AS c
  ), (
    SELECT (extract(epoch FROM greatest(now() - p.created_at, interval '0')) * 1000000)::bigint
    FROM agent_jobs AS p
    WHERE s.status = 'pending' AND p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
      AND coalesce(p.status, 'pending') = 'pending'
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
  )
FROM unnest($1::text[]) AS w (workflow_id)
CROSS JOIN unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)
