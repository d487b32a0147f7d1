-- One index for each access path. agent_jobs is written far more than it is listed, so paths share an index where they can: an
-- index whose last column is the status answers "with this status" from the index alone.
-- Queries must use these exact expressions: coalesce(status, 'pending'), lower(email COLLATE "C").

-- Login, GetUserByEmail, prefix search by email (C collation: LIKE 'abc%' uses it). Not unique: adopted rows may differ in case.
CREATE INDEX IF NOT EXISTS vibestack_users_email ON users (lower(email COLLATE "C"));
-- Prefix search by name.
CREATE INDEX IF NOT EXISTS vibestack_users_full_name ON users (lower(full_name COLLATE "C"));
-- ListUsers without a filter, with is_active, with is_superuser and with both; the superusers: whether an account is the last one.
CREATE INDEX IF NOT EXISTS vibestack_users_created ON users (created_at, id);
CREATE INDEX IF NOT EXISTS vibestack_users_active ON users (coalesce(is_active, true), created_at, id);
CREATE INDEX IF NOT EXISTS vibestack_users_superuser ON users (coalesce(is_superuser, false), created_at, id);
CREATE INDEX IF NOT EXISTS vibestack_users_flags
  ON users (coalesce(is_active, true), coalesce(is_superuser, false), created_at, id);

-- ListJobs of a user, with or without a status; the foreign key's own look-ups.
CREATE INDEX IF NOT EXISTS vibestack_jobs_user
  ON agent_jobs (user_id, created_at, id, coalesce(status, 'pending'));
-- ListJobs of a workflow, with or without a status.
CREATE INDEX IF NOT EXISTS vibestack_jobs_workflow
  ON agent_jobs (workflow_id, created_at, id, coalesce(status, 'pending'));
-- ListJobs without a filter.
CREATE INDEX IF NOT EXISTS vibestack_jobs_created ON agent_jobs (created_at, id);
-- ListJobs with only a status.
CREATE INDEX IF NOT EXISTS vibestack_jobs_status ON agent_jobs (coalesce(status, 'pending'), created_at, id);
-- ClaimJobs: the oldest ready jobs of a workflow. A ready job is pending and does not wait for its time.
CREATE INDEX IF NOT EXISTS vibestack_jobs_ready ON agent_jobs (workflow_id, created_at, id)
  WHERE coalesce(status, 'pending') = 'pending'
    AND (result_payload -> 'vibestack_job' = '1' AND result_payload ->> 'schedule' = 'waiting') IS NOT TRUE;
-- ClaimJobs: the next user with ready jobs, and that user's oldest one.
CREATE INDEX IF NOT EXISTS vibestack_jobs_ready_user ON agent_jobs (workflow_id, user_id, created_at, id)
  WHERE coalesce(status, 'pending') = 'pending'
    AND (result_payload -> 'vibestack_job' = '1' AND result_payload ->> 'schedule' = 'waiting') IS NOT TRUE;
-- The sweep of scheduled jobs, by their time.
CREATE INDEX IF NOT EXISTS vibestack_jobs_scheduled
  ON agent_jobs ((coalesce(left(result_payload ->> 'not_before', 40), '') COLLATE "C"))
  WHERE coalesce(status, 'pending') = 'pending'
    AND (result_payload -> 'vibestack_job' = '1' AND result_payload ->> 'schedule' = 'waiting');
-- max_processing: the jobs of a pushed workflow that are under dispatch. A job is not in it before its first claim by a dispatcher, so
-- jobs of workers cost it nothing, unless they are released.
CREATE INDEX IF NOT EXISTS vibestack_jobs_dispatched ON agent_jobs (workflow_id, updated_at)
  WHERE coalesce(status, 'pending') = 'pending' AND updated_at <> created_at
    AND (result_payload -> 'vibestack_job' = '1' AND result_payload ->> 'schedule' IN ('waiting', 'due')) IS NOT TRUE;
-- Recent changes, for WatchJobs; retention.
CREATE INDEX IF NOT EXISTS vibestack_jobs_changed
  ON agent_jobs (coalesce(status, 'pending'), updated_at, id);
-- GetJobStats: how many jobs of a workflow are in a state.
CREATE INDEX IF NOT EXISTS vibestack_jobs_stats ON agent_jobs (workflow_id, coalesce(status, 'pending'));
-- The sweeps of expired leases and of runs that did not call back within their workflow's time.
CREATE INDEX IF NOT EXISTS vibestack_jobs_running ON agent_jobs (workflow_id, updated_at)
  WHERE coalesce(status, 'pending') = 'processing';
