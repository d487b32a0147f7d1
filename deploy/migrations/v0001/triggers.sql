-- For every writer: updated_at moves forward, timestamps are never NULL.
CREATE OR REPLACE TRIGGER vibestack_updated_at BEFORE UPDATE ON users
  FOR EACH ROW EXECUTE FUNCTION vibestack_move_updated_at();
CREATE OR REPLACE TRIGGER vibestack_timestamps BEFORE INSERT OR UPDATE ON users
  FOR EACH ROW WHEN (NEW.created_at IS NULL OR NEW.updated_at IS NULL)
  EXECUTE FUNCTION vibestack_fill_timestamps();
CREATE OR REPLACE TRIGGER vibestack_updated_at BEFORE UPDATE ON agent_jobs
  FOR EACH ROW EXECUTE FUNCTION vibestack_move_updated_at();
CREATE OR REPLACE TRIGGER vibestack_timestamps BEFORE INSERT OR UPDATE ON agent_jobs
  FOR EACH ROW WHEN (NEW.created_at IS NULL OR NEW.updated_at IS NULL)
  EXECUTE FUNCTION vibestack_fill_timestamps();

-- Change events of users are always sent inside the writer's transaction: a ban must not be missed.
-- (One trigger for each event, because a trigger with transition tables allows one event only.)
CREATE OR REPLACE TRIGGER vibestack_notify_insert AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION vibestack_users_inserted();
CREATE OR REPLACE TRIGGER vibestack_notify_update AFTER UPDATE ON users
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION vibestack_users_updated();
CREATE OR REPLACE TRIGGER vibestack_notify_delete AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION vibestack_users_deleted();
CREATE OR REPLACE TRIGGER vibestack_notify_truncate AFTER TRUNCATE ON users
  FOR EACH STATEMENT EXECUTE FUNCTION vibestack_truncated('vibestack_users');

-- Change events of agent_jobs: sessions with vibestack.own_notify = 'on' send them after their commit, because NOTIFY inside
-- a transaction makes commits wait for each other.
CREATE OR REPLACE TRIGGER vibestack_notify_insert AFTER INSERT ON agent_jobs REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT WHEN (current_setting('vibestack.own_notify', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION vibestack_jobs_inserted();
CREATE OR REPLACE TRIGGER vibestack_notify_update AFTER UPDATE ON agent_jobs
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT WHEN (current_setting('vibestack.own_notify', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION vibestack_jobs_updated();
CREATE OR REPLACE TRIGGER vibestack_notify_delete AFTER DELETE ON agent_jobs REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT WHEN (current_setting('vibestack.own_notify', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION vibestack_jobs_deleted();
CREATE OR REPLACE TRIGGER vibestack_notify_truncate AFTER TRUNCATE ON agent_jobs
  FOR EACH STATEMENT EXECUTE FUNCTION vibestack_truncated('vibestack_agent_jobs');
