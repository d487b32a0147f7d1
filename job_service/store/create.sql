-- Statements that create jobs.

-- name: CreateJobs
-- Creates jobs. $1 are the ids, $2 the users (NULL for none) and $3 the workflows, all in the same order.
--
-- Returns the ids that were new, each with the time of the transaction. Ignores ids that exist, also one that another transaction
-- commits at the same moment. The store reads the rows of those ids afterwards. Inserts the rows in the order of their ids, so
-- that two statements never deadlock.
INSERT INTO agent_jobs (id, user_id, workflow_id, status, created_at, updated_at)
SELECT i.id, i.user_id, i.workflow_id, 'pending', now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS i (id, user_id, workflow_id)
ORDER BY i.id
ON CONFLICT (id) DO NOTHING
RETURNING id, (SELECT {{micros(now())}})

-- name: CreateWithInput
-- Creates the job $1 of the user $2 and the pushed workflow $3. Only the call that creates the job has its input. Until the
-- workflow accepts the job, the job is pending with the result {"awaiting": "acceptance"}, and ClaimDispatches leaves it out.
-- Returns no row if the id exists.
INSERT INTO agent_jobs (id, user_id, workflow_id, status, result_payload, created_at, updated_at)
VALUES ($1::uuid, $2::uuid, $3::text, 'pending', '{"awaiting": "acceptance"}', now(), now())
ON CONFLICT (id) DO NOTHING
RETURNING {{job_columns()}}, NULL

-- name: TakeWithInput
-- Takes over the job $1 of the user $2 and the workflow $3 for a repeated create call, which has the input again. Returns the job
-- in two cases: the dispatch of the previous call failed ("input"), or it did not end within the workflow's visibility timeout of
-- $4 microseconds ("acceptance"). The condition on the status is not the expression of the indexes of pending jobs, so the
-- planner uses the primary key.
UPDATE agent_jobs AS j SET result_payload = '{"awaiting": "acceptance"}'
WHERE j.id = $1::uuid AND j.user_id IS NOT DISTINCT FROM $2::uuid AND j.workflow_id = $3::text
  AND (j.status = 'pending' OR j.status IS NULL)
  AND (j.result_payload ->> 'awaiting' = 'input'
    OR j.result_payload ->> 'awaiting' = 'acceptance'
      AND j.updated_at < now() - $4::bigint * interval '1 microsecond')
RETURNING {{job_columns(j.)}}, NULL
