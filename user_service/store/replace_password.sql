-- $1 id, $2 the hash to be replaced, $3 the new one, $4 the email. No row unless the account still is what its reader saw, and
-- active: of two who replace the same hash the second waits for the first and then finds another one.
UPDATE users SET hashed_password = $3::text
WHERE id = $1::uuid AND hashed_password = $2::text AND email = $4::text AND coalesce(is_active, true)
RETURNING id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
