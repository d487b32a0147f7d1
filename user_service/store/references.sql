-- Names the table whose foreign key refused a deletion.

-- name: FindReferringTable
-- Finds the table of the foreign key that PostgreSQL's message $1 names. The message may be in any language, so the statement
-- looks for the names of all foreign keys in it. Two tables may have foreign keys of the same name, so it looks for the table,
-- too.
SELECT r.relname FROM pg_constraint AS c JOIN pg_class AS r ON r.oid = c.conrelid
WHERE c.contype = 'f' AND strpos($1::text, c.conname::text) > 0 AND strpos($1::text, r.relname::text) > 0
ORDER BY length(c.conname::text) DESC, length(r.relname::text) DESC LIMIT 1
