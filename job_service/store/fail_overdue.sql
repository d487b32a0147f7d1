-- Fails up to $4 pending jobs of the pushed workflow $1 that were made longer than $2 microseconds ago
-- and belong to no replica ($3 microseconds: see claim_dispatches); $5 is the result.
-- Concurrency as in sweep_jobs.
WITH overdue AS (
  SELECT p.id FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND coalesce(p.status, 'pending') = 'pending'
    AND p.created_at < now() - $2::bigint * interval '1 microsecond'
    AND coalesce(p.result_payload ->> 'awaiting', '') NOT IN ('input', 'acceptance')
    AND (p.updated_at = p.created_at OR p.updated_at < now() - $3::bigint * interval '1 microsecond')
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $5::jsonb
FROM overdue
WHERE j.id = overdue.id AND (j.status = 'pending' OR j.status IS NULL)
  AND (j.updated_at = j.created_at OR j.updated_at < now() - $3::bigint * interval '1 microsecond')
RETURNING j.id
