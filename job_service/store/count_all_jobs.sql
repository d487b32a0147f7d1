-- How many jobs are in each state, up to $1, and for how many microseconds the oldest pending one has
-- been there (NULL without one). Counts are read from the index and end at $1, so that a million
-- finished jobs cost what $1 do.
SELECT s.status, (
    SELECT count(*) FROM (
      SELECT FROM agent_jobs AS a
      WHERE coalesce(a.status, 'pending') = s.status
      ORDER BY coalesce(a.status, 'pending'), a.created_at LIMIT $1::integer
    ) AS c
  ), (
    SELECT (extract(epoch FROM greatest(now() - p.created_at, interval '0')) * 1000000)::bigint
    FROM agent_jobs AS p
    WHERE s.status = 'pending' AND coalesce(p.status, 'pending') = s.status
    ORDER BY coalesce(p.status, 'pending'), p.created_at, p.id LIMIT 1
  )
FROM unnest(ARRAY['pending', 'processing', 'completed', 'failed']) AS s (status)
