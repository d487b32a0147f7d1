-- Ends jobs; $1 distinct ids, $2 lease tokens, $3 states, $4 results. Answers those that were ended.
-- The fence: a row is written only while it is processing and its updated_at is the token. The rows
-- are locked in the order of their ids first, so that two statements never wait for each other; the
-- lock sees the newest version of a row, so the fence holds against whoever wrote meanwhile.
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[]) AS i (id, token, status, result)
  ORDER BY i.id
), held AS (
  SELECT i.* FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.status = 'processing'
      AND (extract(epoch FROM a.updated_at) * 1000000)::bigint = i.token
    LIMIT 1 FOR UPDATE
  ) AS locked
)
UPDATE agent_jobs AS j SET status = h.status, result_payload = h.result
FROM held AS h
WHERE j.id = h.id AND j.status = 'processing'
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = h.token
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
