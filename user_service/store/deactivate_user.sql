-- No row where there is none of that id or it is inactive already, which is then left as it is.
UPDATE users SET is_active = false
WHERE id = $1::uuid AND coalesce(is_active, true)
RETURNING id, email, hashed_password, full_name, bio,
  coalesce(is_active, true), coalesce(is_superuser, false),
  (extract(epoch FROM created_at) * 1000000)::bigint, (extract(epoch FROM updated_at) * 1000000)::bigint
