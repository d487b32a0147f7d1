-- Stores what came of the dispatch of the pending job $1, which belongs to us by its updated_at $2:
-- the state $3 and the result $4. Nothing when it was written to meanwhile: a callback came before the
-- answer, it was cancelled, or another replica took over.
UPDATE agent_jobs AS j SET status = $3, result_payload = $4::jsonb
WHERE j.id = $1::uuid AND coalesce(j.status, 'pending') = 'pending'
  AND (extract(epoch FROM j.updated_at) * 1000000)::bigint = $2::bigint
RETURNING j.id
