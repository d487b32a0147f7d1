-- The workflows that have jobs, up to $1, by name. Hops from one to the next in the index, so that
-- the work is bounded by the workflows, not by their jobs.
WITH RECURSIVE names AS (
  (SELECT j.workflow_id, 1 AS n FROM agent_jobs AS j ORDER BY j.workflow_id LIMIT 1)
  UNION ALL
  SELECT f.workflow_id, o.n + 1 FROM names AS o CROSS JOIN LATERAL (
    SELECT j.workflow_id FROM agent_jobs AS j
    WHERE j.workflow_id > o.workflow_id ORDER BY j.workflow_id LIMIT 1
  ) AS f
  WHERE o.n < $1::integer
)
SELECT workflow_id FROM names
