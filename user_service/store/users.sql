-- The columns of a user, and the statements about single users.
--
-- Statements that lock several rows lock them in the order of their ids, so that two of them never deadlock. Statements that
-- write wait only briefly for a row that another transaction has locked.

-- macro: user_columns(of)
-- The columns of a user, in the order of ReadUser in user_rows.cc. `of` is the table's alias with a dot, or nothing. A NULL flag
-- is read as its default.
{{of}}id, {{of}}email, {{of}}hashed_password, {{of}}full_name, {{of}}bio,
  coalesce({{of}}is_active, true), coalesce({{of}}is_superuser, false),
  {{micros({{of}}created_at)}}, {{micros({{of}}updated_at)}}

-- macro: micros(time)
-- Microseconds since 1970.
(extract(epoch FROM {{time}}) * 1000000)::bigint

-- name: GetUsersByIds
-- Reads the users with the ids $1, which are distinct. One statement serves many concurrent reads: GetUser, BatchGetUsers, and
-- the account look-ups of authentication.
SELECT {{user_columns()}}
FROM users
WHERE id = ANY ($1::uuid[])

-- name: FindUserByEmail
-- Reads the user with the email $1, in any case of its ASCII letters. Rows of adopted tables may differ in case only. Then the
-- statement prefers the exact spelling, then the email in lower case, then the oldest user.
SELECT {{user_columns()}}
FROM users
WHERE lower(email COLLATE "C") = lower($1::text COLLATE "C")
ORDER BY email = $1 DESC, email = lower($1::text COLLATE "C") DESC, created_at, id
LIMIT 1

-- name: InsertUser
-- Creates a user. Returns no row if the id or the email is taken. This statement stores emails in lower case. So of two
-- concurrent inserts with the same email, the unique constraint makes the second wait for the first and then do nothing. NOT
-- EXISTS finds rows of adopted tables that have the email in another case.
INSERT INTO users (id, email, hashed_password, full_name, bio, is_active, is_superuser)
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::boolean, $7::boolean FROM {{lock_timeout('50ms')}}
WHERE NOT EXISTS (SELECT FROM users WHERE lower(email COLLATE "C") = $2::text)
ON CONFLICT DO NOTHING
RETURNING {{user_columns()}}

-- name: UpdateUser
-- Changes the user $1. NULL keeps a value: $2 email, $3 hashed_password, $8 is_active, $9 is_superuser. full_name and bio may
-- become NULL, so $4 says whether full_name becomes $5, and $6 says whether bio becomes $7. Returns no row in three cases: the
-- user does not exist; $10 is not NULL and the hash is not $10; or another user has the email, in any case of its ASCII letters.
UPDATE users SET
  email = coalesce($2::text, email),
  hashed_password = coalesce($3::text, hashed_password),
  full_name = CASE WHEN $4::boolean THEN $5::text ELSE full_name END,
  bio = CASE WHEN $6::boolean THEN $7::text ELSE bio END,
  is_active = coalesce($8::boolean, is_active),
  is_superuser = coalesce($9::boolean, is_superuser)
FROM {{lock_timeout('50ms')}}
WHERE id = $1::uuid AND ($10::text IS NULL OR hashed_password = $10)
  AND ($2::text IS NULL OR NOT EXISTS (
    SELECT FROM users AS other WHERE lower(other.email COLLATE "C") = $2::text AND other.id <> $1::uuid))
RETURNING {{user_columns()}}

-- name: ReplacePassword
-- Replaces the password hash $2 of the user $1 with $3. Returns no row unless the account is active and still has the hash $2 and
-- the email $4. If two statements replace the same hash, the second waits for the first and then returns no row.
UPDATE users SET hashed_password = $3::text FROM {{lock_timeout('50ms')}}
WHERE id = $1::uuid AND hashed_password = $2::text AND email = $4::text AND coalesce(is_active, true)
RETURNING {{user_columns()}}

-- name: ActivateUser
-- Activates the user $1. Returns no row if the user does not exist or is active.
UPDATE users SET is_active = true FROM {{lock_timeout('50ms')}}
WHERE id = $1::uuid AND NOT coalesce(is_active, true)
RETURNING {{user_columns()}}

-- name: DeactivateUser
-- Deactivates the user $1. Returns no row, and writes nothing, if the user does not exist or is inactive.
UPDATE users SET is_active = false
WHERE id = $1::uuid AND coalesce(is_active, true)
RETURNING {{user_columns()}}

-- name: SerializeDemotions
-- Takes an advisory lock until the transaction ends. It serializes the transactions of all replicas that may remove a superuser.
-- It is a separate statement, so that the snapshot of the next statement has what the previous holder committed.
--
-- The lock_timeout, here and for the rest of the transaction, is longer than the transactions that it waits for.
SELECT pg_advisory_xact_lock(hashtextextended('vibestack.demotions', 0)) FROM {{lock_timeout('500ms')}}

-- name: LockSuperusers
-- Locks the rows of the user $1 and of all active superusers. Returns the id of each row, and whether it is an active superuser.
-- Waits for other programs that are writing these rows, and then returns the committed state.
SELECT id, coalesce(is_superuser, false) AND coalesce(is_active, true)
FROM users
WHERE id = ANY ($1::uuid || ARRAY(SELECT id FROM users WHERE coalesce(is_active, true) AND coalesce(is_superuser, false)))
ORDER BY id
FOR UPDATE
