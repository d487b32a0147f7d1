-- $1 the user to change. Locks that row and all active superusers, in the order of their ids as every statement that locks
-- several rows does: other programs' changes of them are waited for and then seen. Says whether each is an active superuser.
SELECT id, coalesce(is_superuser, false) AND coalesce(is_active, true)
FROM users
WHERE id = ANY ($1::uuid || ARRAY(SELECT id FROM users WHERE coalesce(is_active, true) AND coalesce(is_superuser, false)))
ORDER BY id
FOR UPDATE
