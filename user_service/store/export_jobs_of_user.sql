-- Jobs of the user $1 after the position ($2, $3), oldest first: up to $4, and of those no more than have $5 bytes of results
-- together, but always one.
SELECT id, workflow_id, status, result,
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
FROM (
  SELECT *, row_number() OVER so_far AS place, sum(octet_length(result)) OVER so_far AS bytes
  FROM (
    SELECT id, workflow_id, coalesce(status, 'pending') AS status, result_payload::text AS result, created_at, updated_at
    FROM agent_jobs
    WHERE (user_id, created_at, id) > ($1::uuid, $2::timestamptz, $3::uuid) AND user_id <= $1::uuid
    ORDER BY user_id, created_at, id LIMIT $4::bigint
  ) AS page
  WINDOW so_far AS (ORDER BY created_at, id ROWS UNBOUNDED PRECEDING)
) AS measured
WHERE place = 1 OR coalesce(bytes, 0) <= $5::bigint
ORDER BY created_at, id
