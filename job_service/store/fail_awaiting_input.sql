-- Fails up to $3 pending jobs of the pushed workflows $1 whose input never came again: untouched for longer
-- than their workflow's time in $2, in microseconds; $4 is the result. They were never acknowledged.
-- Concurrency as in sweep_jobs.
WITH late AS (
  SELECT e.id, now() - w.micros * interval '1 microsecond' AS updated_before FROM unnest($1::text[], $2::bigint[]) AS w (workflow_id, micros) CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending' AND j.result_payload IS NOT NULL
      AND j.result_payload ->> 'awaiting' IN ('input', 'acceptance')
      AND j.workflow_id >= w.workflow_id AND j.workflow_id <= w.workflow_id
      AND j.updated_at < now() - w.micros * interval '1 microsecond'
    ORDER BY j.workflow_id, j.updated_at LIMIT $3::integer FOR UPDATE SKIP LOCKED
  ) AS e LIMIT $3::integer
)
UPDATE agent_jobs AS j SET status = 'failed', result_payload = $4::jsonb
FROM late
WHERE j.id = late.id AND (j.status = 'pending' OR j.status IS NULL) AND j.updated_at < late.updated_before
RETURNING j.id
