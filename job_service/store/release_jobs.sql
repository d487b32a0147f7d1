-- Hands jobs back; $1 distinct ids, $2 lease tokens. Answers those that were held and are pending now.
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
UPDATE agent_jobs AS j SET status = 'pending'
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing'
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = h.token
RETURNING j.id, j.workflow_id
