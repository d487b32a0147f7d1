-- Notifies everybody who listens, with each of the payloads $1, in one transaction of its own:
-- NOTIFY holds a lock over the whole cluster from its commit to the flush.
SELECT pg_notify('vibestack_agent_jobs', n.payload) FROM unnest($1::text[]) AS n (payload)
