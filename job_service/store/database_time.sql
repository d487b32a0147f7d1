-- What time it is for the database, in microseconds.
SELECT (extract(epoch FROM now()) * 1000000)::bigint
