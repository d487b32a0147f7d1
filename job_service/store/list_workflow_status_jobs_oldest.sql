-- Jobs of the workflow $5 in the state $6: up to $4, oldest first.
-- After the position ($1, $2), none made at $3 or later.
-- No more than $7 rows are looked at, whatever the table holds. The last of so many comes in any
-- case, so that the next page can go on after it: the last two columns say whether a row is one of
-- those asked for, and whether it is that last one. (So the time is no condition of the scan, which
-- would read on behind it through all of the key's rows.)
-- (Bounds in place of `=`, and the column in ORDER BY: only the index that begins with it has that
-- order, whatever the planner believes of how many rows have one value.)
SELECT id, user_id, workflow_id, status, (extract(epoch FROM created_at) * 1000000)::bigint,
  (extract(epoch FROM updated_at) * 1000000)::bigint,
  NULL, matches, place = $7
FROM (
  SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending') AS status, j.created_at,
    j.updated_at,
    (j.created_at < $3::timestamptz
      AND coalesce(j.status, 'pending') = $6::text) AS matches,
    row_number() OVER (ORDER BY j.workflow_id, j.created_at, j.id) AS place
  FROM agent_jobs AS j
  WHERE (j.workflow_id, j.created_at, j.id) > ($5::text, $1::timestamptz, $2::uuid)
    AND j.workflow_id <= $5::text
  ORDER BY j.workflow_id, j.created_at, j.id LIMIT $7::integer
) AS looked_at
WHERE matches OR place = $7
ORDER BY workflow_id, created_at, id LIMIT $4::integer
