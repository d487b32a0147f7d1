-- Claims up to $4 pending jobs of the workflows $1 in turn for each of their users: everybody's
-- oldest job first, then everybody's second, and so on.
-- The users are found by hopping from one to the next in the index (workflow_id, user_id, …), at
-- most $3 of a workflow, after the user $2 of each. So the work is bounded by what is claimed, not
-- by what is pending. Jobs without a user count as one more user. (Bounds in place of `=`: see
-- claim_oldest.)
-- Only rows that are chosen are locked. Where another claim was quicker (SKIP LOCKED, or the row
-- changed), fewer come back than there are: claim_oldest goes for the rest.
-- A row without an id says where the hop ended: there may be more users behind.
WITH RECURSIVE owners AS (
  SELECT w.workflow_id, f.user_id, 1 AS n
  FROM unnest($1::text[], $2::uuid[]) AS w (workflow_id, after) CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending'
      AND (j.workflow_id, j.user_id) > (w.workflow_id, w.after) AND j.workflow_id <= w.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  UNION ALL
  SELECT o.workflow_id, f.user_id, o.n + 1
  FROM owners AS o CROSS JOIN LATERAL (
    SELECT j.user_id FROM agent_jobs AS j
    WHERE coalesce(j.status, 'pending') = 'pending'
      AND (j.workflow_id, j.user_id) > (o.workflow_id, o.user_id) AND j.workflow_id <= o.workflow_id
    ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT 1
  ) AS f
  WHERE o.n < $3::integer
), share AS (
  SELECT ($4::integer + greatest(count(*), 1) - 1) / greatest(count(*), 1) AS jobs FROM owners
), candidates AS (
  SELECT c.id, c.created_at, c.turn FROM owners AS o CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE coalesce(j.status, 'pending') = 'pending'
        AND (j.workflow_id, j.user_id) >= (o.workflow_id, o.user_id)
        AND (j.workflow_id, j.user_id) <= (o.workflow_id, o.user_id)
      ORDER BY j.workflow_id, j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
  UNION ALL
  SELECT c.id, c.created_at, c.turn FROM unnest($1::text[]) AS w (workflow_id) CROSS JOIN LATERAL (
    SELECT p.id, p.created_at, row_number() OVER (ORDER BY p.created_at, p.id) AS turn FROM (
      SELECT j.id, j.created_at FROM agent_jobs AS j
      WHERE coalesce(j.status, 'pending') = 'pending'
        AND j.workflow_id = w.workflow_id AND j.user_id IS NULL
      ORDER BY j.user_id, j.created_at, j.id LIMIT (SELECT jobs FROM share)
    ) AS p
  ) AS c
), chosen AS (
  SELECT id FROM candidates ORDER BY turn, created_at, id LIMIT $4::integer
), picked AS (
  SELECT locked.id FROM chosen AS c CROSS JOIN LATERAL (
    SELECT j.id FROM agent_jobs AS j
    WHERE j.id = c.id AND (j.status = 'pending' OR j.status IS NULL)
    LIMIT 1 FOR UPDATE SKIP LOCKED
  ) AS locked
), claimed AS (
  UPDATE agent_jobs AS j SET status = 'processing'
  FROM picked
  WHERE j.id = picked.id AND (j.status = 'pending' OR j.status IS NULL)
  RETURNING j.id, j.user_id, j.workflow_id, j.status, j.created_at, j.updated_at
)
SELECT id, user_id, workflow_id, status,
  (extract(epoch FROM created_at) * 1000000)::bigint,
  (extract(epoch FROM updated_at) * 1000000)::bigint, NULL
FROM claimed
UNION ALL
SELECT NULL, user_id, workflow_id, NULL, NULL, NULL, NULL FROM owners WHERE n = $3::integer
