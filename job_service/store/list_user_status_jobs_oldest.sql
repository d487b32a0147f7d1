-- Jobs of the user $6 in the state $7, and of the workflow $8 where it is given: up to $4, oldest first.
-- After the position ($1, $2), none made at $3 or later; with the result if $5.
-- No more than $9 rows are looked at, whatever the table holds. The last of so many comes in any
-- case, so that the next page can go on after it: the last two columns say whether a row is one of
-- those asked for, and whether it is that last one. (So the time is no condition of the scan, which
-- would read on behind it through all of the key's rows.)
-- (Bounds in place of `=`, and the column in ORDER BY: only the index that begins with it has that
-- order, whatever the planner believes of how many rows have one value.)
SELECT id, user_id, workflow_id, status, (extract(epoch FROM created_at) * 1000000)::bigint,
  (extract(epoch FROM updated_at) * 1000000)::bigint,
  CASE WHEN $5::boolean AND matches THEN result_payload::text END, matches, place = $9
FROM (
  SELECT j.id, j.user_id, j.workflow_id, coalesce(j.status, 'pending') AS status, j.created_at,
    j.updated_at, j.result_payload,
    (j.created_at < $3::timestamptz
      AND coalesce(j.status, 'pending') = $7::text
      AND ($8::text IS NULL OR j.workflow_id = $8::text)) AS matches,
    row_number() OVER (ORDER BY j.user_id, j.created_at, j.id) AS place
  FROM agent_jobs AS j
  WHERE (j.user_id, j.created_at, j.id) > ($6::uuid, $1::timestamptz, $2::uuid)
    AND j.user_id <= $6::uuid
  ORDER BY j.user_id, j.created_at, j.id LIMIT $9::integer
) AS looked_at
WHERE matches OR place = $9
ORDER BY user_id, created_at, id LIMIT $4::integer
