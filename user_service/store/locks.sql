-- How statements meet rows that another transaction has locked.
--
-- Any program may keep a row locked for minutes. Statements for several calls use SKIP LOCKED, or wait for a lock only briefly,
-- and the store asks again for the rest (common/db/locked_rows.h).

-- macro: lock_timeout(time)
-- An item of FROM that sets how long the transaction waits for a lock, such as '50ms'. Then PostgreSQL ends the statement with
-- the SQLSTATE 55P03. PostgreSQL evaluates FROM before the statement writes a row or a trigger runs. 50 ms are much longer than
-- any lock of our own statements.
(SELECT set_config('lock_timeout', {{time}}, true)) AS lock_timeout
