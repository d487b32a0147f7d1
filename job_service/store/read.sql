-- The columns of a job, and the statements that read jobs by id.

-- macro: job_columns(of)
-- The columns of a job, in the order of ReadJob in rows.cc. Each statement adds the result, or NULL, as the next column. `of` is
-- the table's alias with a dot, or nothing. A NULL status is read as pending.
{{of}}id, {{of}}user_id, {{of}}workflow_id, coalesce({{of}}status, 'pending'),
  {{micros({{of}}created_at)}}, {{micros({{of}}updated_at)}}

-- macro: micros(time)
-- Microseconds since 1970. Other programs may store any time: infinity is the highest number, which no other time has, -infinity
-- the lowest one. The years after 294246, which this type cannot express, are one less than the highest.
CASE WHEN {{time}} < '294247-01-01 00:00:00+00'::timestamptz AND {{time}} > '-infinity'::timestamptz
  THEN (extract(epoch FROM {{time}}) * 1000000)::bigint
  WHEN {{time}} = 'infinity'::timestamptz THEN 9223372036854775807
  WHEN {{time}} > '2000-01-01 00:00:00+00'::timestamptz THEN 9223372036854775806
  WHEN {{time}} = '-infinity'::timestamptz THEN '-9223372036854775808'::bigint END

-- name: GetJobs
-- Reads jobs. $1 are distinct ids. $2 says for each job whether to read its payload, $4 whether with the input. $3 is the
-- `updated_at` that the caller knows, in microseconds: if the job still has it, the payload is NULL. Returns no row for an id
-- without a job. LIMIT 1 keeps the planner from reversing the join, so that each id is one look-up in the index.
SELECT {{job_columns(j.)}},
  CASE WHEN i.with_result AND {{micros(j.updated_at)}} IS DISTINCT FROM i.known
    THEN {{shown_payload(j.; i.with_input)}} END
FROM unnest($1::uuid[], $2::boolean[], $3::bigint[], $4::boolean[]) AS i (id, with_result, known, with_input)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j

-- name: GetJobsUpTo
-- Reads the jobs $1 with their payloads, in this order, until the payloads have $2 bytes together. $3 says whether the payloads
-- have the inputs. The column after the payload is the position in $1, from 1. The last column is the number of bytes so far. The
-- row of an id without a job has a NULL id. The recursion reads one job at a time, so it stops at the first payload that reaches
-- the bound. It starts from a row without a job, which only gives the columns their types.
WITH RECURSIVE jobs AS (
  SELECT {{job_columns(r.)}}, r.result_payload::text AS result, 0 AS n, 0::bigint AS bytes
  FROM (SELECT) AS start LEFT JOIN agent_jobs AS r ON false
  UNION ALL
  SELECT a.*, j.n + 1, j.bytes + coalesce(octet_length(a.result), 0)
  FROM jobs AS j LEFT JOIN LATERAL (
    SELECT {{job_columns(r.)}}, {{shown_payload(r.; $3::boolean)}} AS result
    FROM agent_jobs AS r WHERE r.id = ($1::uuid[])[j.n + 1] LIMIT 1
  ) AS a ON true
  WHERE j.n < cardinality($1::uuid[]) AND j.bytes < $2::bigint
)
SELECT * FROM jobs WHERE n > 0
