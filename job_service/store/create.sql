-- Statements that create jobs.

-- name: CreateJobs
-- Creates jobs. $1 are the ids, $2 the users (NULL for none), $3 the workflows, $4 the envelopes (NULL for none) and $5 the
-- delays of the start in microseconds (NULL for none), all in the same order. A job with a delay has an envelope. $6 is the
-- lock_timeout: the foreign key takes a lock on each user's row, and an id waits for another transaction that inserts it.
--
-- Returns the ids that were new, each with the time of the transaction. Ignores ids that exist, also one that another transaction
-- commits at the same moment. The store reads the rows of those ids afterwards. Inserts the rows in the order of their ids, so
-- that two statements never deadlock.
INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at, updated_at)
SELECT i.id, i.user_id, i.workflow_id, 'pending', CASE WHEN i.delay IS NULL THEN i.envelope
    ELSE i.envelope || {{waiting_for(i.delay * interval '1 microsecond')}} END, now(), now()
FROM {{lock_timeout($6)}},
  unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::bigint[]) AS i (id, user_id, workflow_id, envelope, delay)
ORDER BY i.id
ON CONFLICT (id) DO NOTHING
RETURNING id, (SELECT {{micros(now())}})

-- name: CompareInputs
-- Tells whether the jobs $1 have the inputs $2. Returns the position in $1, from 1, and the answer for each job that exists. An
-- id may occur several times. Any input counts as the same if the row keeps no input: a completed job, or a row with another
-- program's JSON.
SELECT i.place, CASE
    WHEN coalesce(j.status, 'pending') = 'completed' THEN true
    WHEN j.result_payload IS NULL THEN i.input IS NULL
    WHEN {{is_envelope(j.)}} THEN j.result_payload -> 'input' IS NOT DISTINCT FROM i.input
    ELSE true END
FROM unnest($1::uuid[], $2::jsonb[]) WITH ORDINALITY AS i (id, input, place)
CROSS JOIN LATERAL (SELECT * FROM agent_jobs AS a WHERE a.id = i.id LIMIT 1) AS j

-- name: AdoptInputs
-- A program of schema version 3 created some pending jobs without their inputs, which it kept in memory. When a call repeats such
-- a creation, this stores its envelope. $1 are the ids, $2 the users (NULL for none), $3 the workflows, $4 the envelopes.
-- Nothing happens to the job of another user or workflow. The statement locks the rows by the order of their ids, and does not
-- wait long for a lock.
WITH input AS (
  SELECT i.* FROM {{lock_timeout('50ms')}},
    unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS i (id, user_id, workflow_id, envelope) ORDER BY i.id
), locked AS (
  SELECT i.id, i.envelope FROM input AS i CROSS JOIN LATERAL (
    SELECT FROM agent_jobs AS a
    WHERE a.id = i.id AND a.user_id IS NOT DISTINCT FROM i.user_id AND a.workflow_id = i.workflow_id
      AND (a.status = 'pending' OR a.status IS NULL) AND {{lacks_input(a.)}}
    LIMIT 1 FOR UPDATE
  ) AS row
)
UPDATE agent_jobs AS j SET result_payload = l.envelope
FROM locked AS l
WHERE j.id = l.id AND {{lacks_input(j.)}}
RETURNING j.id
