-- Statements that count jobs.

-- macro: pending_for(time)
-- The microseconds since this time, at most a century; 0 if it is in the future.
(extract(epoch FROM now() - least(greatest({{time}}, now() - interval '100 years'), now())) * 1000000)::bigint

-- name: CountJobs
-- For each of the workflows $1 and each status: the number of jobs, and in the row of 'pending' the microseconds since the
-- creation of the oldest ready job (NULL without one). An index-only scan counts up to $2, so the cost does not grow with the
-- number of finished jobs. The keys are compared by two bounds instead of `=`, and ORDER BY has all of them: see list_by in
-- list.sql.
SELECT w.workflow_id, s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE (a.workflow_id, coalesce(a.status, 'pending')) >= (w.workflow_id, s.status)
        AND (a.workflow_id, coalesce(a.status, 'pending')) <= (w.workflow_id, s.status)
      ORDER BY a.workflow_id, coalesce(a.status, 'pending') LIMIT $2::integer
    ) AS c
  ), (
    SELECT {{pending_for(p.created_at)}}
    FROM agent_jobs AS p
    WHERE s.status = 'pending' AND p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
      AND {{is_ready(p.)}}
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
  )
FROM unnest($1::text[]) AS w (workflow_id)
CROSS JOIN unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)

-- name: CountRecentFailures
-- For each workflow: how many failed jobs changed in the last hour. Of all workflows together, an index scan reads only the last
-- $1 failed jobs. The status is compared by two bounds instead of `=`, and ORDER BY begins with it: see list_by in list.sql.
SELECT f.workflow_id, count(*)
FROM (
  SELECT a.workflow_id FROM agent_jobs AS a
  WHERE (coalesce(a.status, 'pending'), a.updated_at) >= ('failed', now() - interval '1 hour')
    AND coalesce(a.status, 'pending') <= 'failed'
  ORDER BY coalesce(a.status, 'pending') DESC, a.updated_at DESC, a.id DESC LIMIT $1::integer
) AS f
GROUP BY f.workflow_id

-- name: CountAllJobs
-- How many jobs have each status, and for how many microseconds the oldest ready job has been pending (NULL without one). Counts
-- come from the index and stop at $1, so a million finished jobs cost as much as $1 jobs.
-- An index skip scan finds the oldest ready job of each workflow, of the first 1,000 workflows by name.
WITH RECURSIVE heads AS (
  (SELECT j.workflow_id, j.created_at, 1 AS n FROM agent_jobs AS j WHERE {{is_ready(j.)}}
   ORDER BY j.workflow_id, j.created_at, j.id LIMIT 1)
  UNION ALL
  SELECT f.workflow_id, f.created_at, h.n + 1 FROM heads AS h CROSS JOIN LATERAL (
    SELECT j.workflow_id, j.created_at FROM agent_jobs AS j
    WHERE {{is_ready(j.)}} AND j.workflow_id > h.workflow_id
    ORDER BY j.workflow_id, j.created_at, j.id LIMIT 1
  ) AS f
  WHERE h.n < 1000
)
SELECT s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE coalesce(a.status, 'pending') = s.status
      ORDER BY coalesce(a.status, 'pending'), a.created_at LIMIT $1::integer
    ) AS c
  ), CASE WHEN s.status = 'pending' THEN (SELECT {{pending_for(min(h.created_at))}} FROM heads AS h HAVING count(*) > 0) END
FROM unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)

-- name: FindWorkflows
-- The first $1 workflows that have jobs, by name. An index skip scan jumps from one workflow to the next, so the cost depends on
-- the number of workflows, not on the number of jobs.
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
