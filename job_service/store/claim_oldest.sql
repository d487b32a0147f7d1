-- Claims up to $2 pending jobs of the workflows $1: the oldest ones of the workflow whose oldest job
-- is the oldest, then those of the next workflow.
-- The outer LIMIT pulls rows one at a time, so no more rows are locked than are taken. SKIP LOCKED
-- passes over what another claim is taking, and over nothing else; a row that changed since the
-- statement began is checked again when it is locked.
-- (Bounds instead of `=` and the workflow in ORDER BY: only the index that begins with the workflow
-- has that order, whatever the planner believes of how many rows have it. And rows are written by
-- their ids: the state, said in other words than in the indexes of pending jobs, tempts it to none.)
WITH picked AS (
  SELECT j.id FROM (
    SELECT w.workflow_id FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
      SELECT p.created_at FROM agent_jobs AS p
      WHERE p.workflow_id >= w.workflow_id AND p.workflow_id <= w.workflow_id
        AND coalesce(p.status, 'pending') = 'pending'
      ORDER BY p.workflow_id, p.created_at, p.id LIMIT 1
    ) AS head
    ORDER BY head.created_at
  ) AS o CROSS JOIN LATERAL (
    SELECT p.id FROM agent_jobs AS p
    WHERE p.workflow_id >= o.workflow_id AND p.workflow_id <= o.workflow_id
      AND coalesce(p.status, 'pending') = 'pending'
    ORDER BY p.workflow_id, p.created_at, p.id LIMIT $2::integer FOR UPDATE SKIP LOCKED
  ) AS j LIMIT $2::integer
)
UPDATE agent_jobs AS j SET status = 'processing'
FROM picked
WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
RETURNING j.id, j.user_id, j.workflow_id, j.status,
  (extract(epoch FROM j.created_at) * 1000000)::bigint,
  (extract(epoch FROM j.updated_at) * 1000000)::bigint, NULL
