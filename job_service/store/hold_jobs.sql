-- Writes to jobs whose lease is held; $1 distinct ids, $2 lease tokens: the state $3 is 'processing' to
-- extend the leases and 'pending' to hand the jobs back. Answers those that were held, with the new
-- updated_at, which the row's trigger moves: it is the new token.
-- Fenced and locked as in finish_jobs.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.status = 'processing'
      AND (extract(epoch FROM a.updated_at) * 1000000)::bigint = i.token
    LIMIT 1 FOR UPDATE
  ) AS locked
)
UPDATE agent_jobs AS j SET status = $3::text
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing'
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = h.token
RETURNING j.id, j.workflow_id, (extract(epoch FROM j.updated_at) * 1000000)::bigint
