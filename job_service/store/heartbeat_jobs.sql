-- Extends leases; $1 distinct ids, $2 lease tokens. Answers the new tokens of those that were held.
-- Fenced and locked as in finish_jobs. The row's trigger moves updated_at, which is the new token.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token)
), held AS (
  SELECT j.id, i.token FROM input AS i JOIN agent_jobs AS j ON j.id = i.id
  WHERE coalesce(j.status, 'pending') = 'processing'
    AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = i.token
  ORDER BY j.id FOR UPDATE OF j
)
UPDATE agent_jobs AS j SET status = 'processing'
FROM held AS h
WHERE j.id = h.id AND coalesce(j.status, 'pending') = 'processing'
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = h.token
RETURNING j.id, (extract(epoch FROM j.updated_at) * 1000000)::bigint
