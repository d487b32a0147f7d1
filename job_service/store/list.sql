-- Statements that list jobs. Each returns one page of up to $4 jobs, newest or oldest first.
--
-- Newest: the jobs before the position ($1, $2) in the order of (created_at, id) and not before the time $3. Oldest: the jobs
-- after the position ($1, $2) and not after the time $3.

-- name: ListJobsNewest, ListJobsOldest
-- All jobs.
SELECT {{job_columns(j.)}}, NULL
FROM agent_jobs AS j
WHERE (j.created_at, j.id) {{<|>}} ($1::timestamptz, $2::uuid)
  AND j.created_at {{>=|<=}} $3::timestamptz
ORDER BY j.created_at {{DESC|}}, j.id {{DESC|}} LIMIT $4::integer

-- macro: list_by(key; type; filters; most)
-- Jobs whose `key` is $5, of the SQL type `type`. `filters` are further conditions. `most` is the parameter with the maximum
-- number of rows to examine.
--
-- The statement examines at most `most` rows, however many the table has. It returns those that match, and also the row `most`,
-- so that the next page can continue after it. The last two columns say whether the row matches the time and the filters, and
-- whether it is the row `most`. The time $3 is not a condition of the scan: otherwise the scan would read all rows of the key
-- beyond that time and return none of them.
--
-- The key is compared by two bounds instead of `=`, and ORDER BY begins with it. Only the index that begins with the key has this
-- order, so the planner uses this index, whatever its estimates are.
SELECT {{job_columns(looked_at.)}}, NULL, matches, place = {{most}}
FROM (
  SELECT j.*, {{key}} AS key,
    (j.created_at {{>=|<=}} $3::timestamptz {{filters}}) AS matches,
    row_number() OVER (ORDER BY {{key}} {{DESC|}}, j.created_at {{DESC|}}, j.id {{DESC|}}) AS place
  FROM agent_jobs AS j
  WHERE ({{key}}, j.created_at, j.id) {{<|>}} ($5::{{type}}, $1::timestamptz, $2::uuid)
    AND {{key}} {{>=|<=}} $5::{{type}}
  ORDER BY {{key}} {{DESC|}}, j.created_at {{DESC|}}, j.id {{DESC|}} LIMIT {{most}}::integer
) AS looked_at
WHERE matches OR place = {{most}}
ORDER BY key {{DESC|}}, created_at {{DESC|}}, id {{DESC|}} LIMIT $4::integer

-- name: ListUserJobsNewest, ListUserJobsOldest
-- Jobs of the user $5, and of the workflow $6 unless it is NULL.
{{list_by(j.user_id; uuid; AND ($6::text IS NULL OR j.workflow_id = $6::text); $7)}}

-- name: ListUserStatusJobsNewest, ListUserStatusJobsOldest
-- Jobs of the user $5 with the status $6, and of the workflow $7 unless it is NULL.
{{list_by(j.user_id; uuid;
  AND coalesce(j.status, 'pending') = $6::text AND ($7::text IS NULL OR j.workflow_id = $7::text); $8)}}

-- name: ListWorkflowJobsNewest, ListWorkflowJobsOldest
-- Jobs of the workflow $5.
{{list_by(j.workflow_id; text; ; $6)}}

-- name: ListWorkflowStatusJobsNewest, ListWorkflowStatusJobsOldest
-- Jobs of the workflow $5 with the status $6.
{{list_by(j.workflow_id; text; AND coalesce(j.status, 'pending') = $6::text; $7)}}

-- name: ListStatusJobsNewest, ListStatusJobsOldest
-- Jobs with the status $5.
{{list_by(coalesce(j.status, 'pending'); text; ; $6)}}
