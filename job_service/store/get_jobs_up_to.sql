-- The jobs $1 with their results, in this order, until the results have $2 bytes; last, where in $1 each
-- one stands, from 1. A missing one is all NULL but for that.
-- Goes from one job to the next, so that no result is read past the bound.
WITH RECURSIVE jobs AS (
  SELECT NULL::uuid AS id, NULL::uuid AS user_id, NULL::text AS workflow_id, NULL::text AS status,
    NULL::bigint AS created_at, NULL::bigint AS updated_at, NULL::text AS result, 0 AS n, 0::bigint AS bytes
  UNION ALL
  SELECT a.id, a.user_id, a.workflow_id, a.status, a.created_at, a.updated_at, a.result, j.n + 1,
    j.bytes + coalesce(octet_length(a.result), 0)
  FROM jobs AS j LEFT JOIN LATERAL (
    SELECT r.id, r.user_id, r.workflow_id::text AS workflow_id, coalesce(r.status, 'pending')::text AS status,
      (extract(epoch FROM r.created_at) * 1000000)::bigint AS created_at,
      (extract(epoch FROM r.updated_at) * 1000000)::bigint AS updated_at, r.result_payload::text AS result
    FROM agent_jobs AS r WHERE r.id = ($1::uuid[])[j.n + 1] LIMIT 1
  ) AS a ON true
  WHERE j.n < cardinality($1::uuid[]) AND j.bytes < $2::bigint
)
SELECT id, user_id, workflow_id, status, created_at, updated_at, result, n FROM jobs WHERE n > 0
