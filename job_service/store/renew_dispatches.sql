-- Keeps pending jobs that wait for their next dispatch, or begins it; $1 distinct ids, $2 the
-- updated_at by which each belongs to us. Answers those that still do, with the new one.
-- Fenced and locked as in finish_jobs.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token) ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND coalesce(a.status, 'pending') = 'pending'
      AND (extract(epoch FROM a.updated_at) * 1000000)::bigint = i.token
    LIMIT 1 FOR UPDATE
  ) AS locked
)
UPDATE agent_jobs AS j SET status = 'pending'
FROM held AS h
WHERE j.id = h.id AND (j.status = 'pending' OR j.status IS NULL)
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = h.token
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
