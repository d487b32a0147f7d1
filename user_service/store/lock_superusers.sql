-- $1 the user to change. Locks that row and all active superusers, in the order of their ids as every statement that locks
-- several rows does: other programs' changes of them are waited for and then seen. Says whether each is an active superuser.
SELECT id, coalesce(is_superuser, false) AND coalesce(is_active, true)
FROM users
WHERE id = $1::uuid OR (coalesce(is_superuser, false) AND coalesce(is_active, true))
ORDER BY id
FOR UPDATE
