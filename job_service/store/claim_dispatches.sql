-- Takes up to $2 pending jobs of the pushed workflow $1 for a dispatch, oldest first. The jobs stay
-- pending; the write moves updated_at, and with it they belong to this replica for $3 microseconds.
-- Free are jobs that nobody wrote to since they were made, those that were retried, and those whose
-- replica let that time pass: it crashed. FOR UPDATE SKIP LOCKED passes over what another replica takes at this moment, and
-- looks at the newest version of what it locks.
-- Jobs whose input is with the call that made them wait for that (see create_with_input).
-- (Bounds in place of `=`: see claim_oldest.)
WITH picked AS (
  SELECT p.id FROM agent_jobs AS p
  WHERE p.workflow_id >= $1::text AND p.workflow_id <= $1::text
    AND coalesce(p.status, 'pending') = 'pending'
    AND coalesce(p.result_payload ->> 'awaiting', '') NOT IN ('input', 'acceptance')
    AND (p.updated_at = p.created_at OR p.updated_at < now() - $3::bigint * interval '1 microsecond'
      OR p.result_payload ->> 'awaiting' = 'dispatch')
  ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
)
UPDATE agent_jobs AS j SET status = 'pending', result_payload = CASE
    WHEN j.result_payload ->> 'awaiting' = 'dispatch' THEN NULL ELSE j.result_payload END
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
