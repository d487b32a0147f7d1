-- Notifies everybody who listens, with each of the payloads $1, in one transaction of its own.
-- NOTIFY holds a lock over the whole cluster from its commit to the flush. The news has nothing to
-- keep, what it tells of is flushed already, so this commit waits for no flush: it neither holds the
-- lock over one nor makes the next commits of jobs queue behind it.
SELECT pg_notify('vibestack_agent_jobs', n.payload), set_config('synchronous_commit', 'off', true)
FROM unnest($1::text[]) AS n (payload)
