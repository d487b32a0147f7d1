-- Orders all our changes that may take a superuser away, over all replicas, until their transactions end. A statement of its
-- own, so that the next one sees what the transaction before has committed.
SELECT pg_advisory_xact_lock(hashtextextended('vibestack.demotions', 0))
