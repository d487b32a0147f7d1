-- Macros for the envelope: the JSON object in `result_payload` of a job that is not completed. DB_SCHEMA.md lists its keys.
--
-- Another program may write any JSON into the column. So every macro takes any JSON: no cast fails, and JSON without the mark
-- belongs to the other program. `of` is the table's alias with a dot, or nothing.

-- macro: is_oversized(of)
-- Whether the stored payload is larger than 32 MiB. No job of ours has such a payload. This expression does not read it.
pg_column_size({{of}}result_payload) > 33554432

-- macro: unless_oversized(of; status)
-- The status `status`; but `failed` for a job with an oversized payload. To read or to rewrite such a payload may take longer than
-- the time for the statement, so that no other job of the statement would go on. The payload stays as it is.
CASE WHEN {{is_oversized({{of}})}} THEN 'failed' ELSE {{status}} END

-- macro: is_envelope(of)
-- Whether `result_payload` is an envelope of this version; NULL if it is NULL.
{{of}}result_payload -> 'vibestack_job' = '1'

-- macro: envelope(of)
-- The envelope of the row. JSON of another program becomes the progress in a new envelope.
CASE WHEN {{of}}result_payload IS NULL THEN '{"vibestack_job": 1}'::jsonb
  WHEN {{is_envelope({{of}})}} THEN {{of}}result_payload
  ELSE jsonb_build_object('vibestack_job', 1, 'progress', {{of}}result_payload) END

-- macro: envelope_number(of; key; least)
-- A number of the envelope as an integer, at least `least` and at most 1,000,000; NULL if the key holds no number.
CASE WHEN {{is_envelope({{of}})}} AND jsonb_typeof({{of}}result_payload -> {{key}}) = 'number'
  THEN least(greatest(trunc(({{of}}result_payload -> {{key}})::numeric), {{least}}), 1000000)::integer END

-- macro: attempts(of)
-- How many attempts of the job have failed.
coalesce({{envelope_number({{of}}; 'attempts'; 0)}}, 0)

-- macro: max_attempts(of; workflows; maxima; most)
-- How many attempts the job may have: its own number, else the number of its workflow, else `most`. `workflows` are the workflows
-- with a number of their own, and `maxima` these numbers.
coalesce({{envelope_number({{of}}; 'max_attempts'; 1)}}, (
    SELECT m.maximum FROM unnest({{workflows}}::text[], {{maxima}}::integer[]) AS m (workflow_id, maximum)
    WHERE m.workflow_id = {{of}}workflow_id LIMIT 1
  ), {{most}}::integer)

-- macro: timestamp_text(time)
-- A time as the envelope has it. All texts have the same length, so they sort like the times.
to_char(({{time}}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')

-- macro: due_at(of)
-- The time before which a scheduled job must not start. The index of scheduled jobs contains this expression.
coalesce(left({{of}}result_payload ->> 'not_before', 40), '') COLLATE "C"

-- macro: is_scheduled(of)
-- Whether a pending job waits for its time. The indexes of ready and of scheduled jobs contain this expression.
({{of}}result_payload -> 'vibestack_job' = '1' AND {{of}}result_payload ->> 'schedule' = 'waiting')

-- macro: is_due(of)
-- Whether the job has become due and no dispatcher has claimed it since.
({{is_envelope({{of}})}} AND {{of}}result_payload ->> 'schedule' = 'due')

-- macro: first_request(of)
-- The time of the first request of the present attempt of a pushed job, as text. NULL until a request has failed.
CASE WHEN {{is_envelope({{of}})}} AND jsonb_typeof({{of}}result_payload -> 'first_request') = 'string'
  THEN ({{of}}result_payload ->> 'first_request') COLLATE "C" END

-- macro: lacks_input(of)
-- Whether a program of schema version 3 created the job with an input that only it had.
{{of}}result_payload IN ('{"awaiting": "input"}', '{"awaiting": "acceptance"}')

-- macro: is_ready(of)
-- Whether the job is pending and does not wait for its time. The indexes of ready jobs serve this form only.
coalesce({{of}}status, 'pending') = 'pending' AND {{is_scheduled({{of}})}} IS NOT TRUE

-- macro: failed_attempt(of; error)
-- The envelope after a failed attempt. `error` is a JSON object with a code and a message. Keeps the last ten errors. The token
-- is the fencing token before the failure: it distinguishes a repeated report of one failure from another failure.
({{envelope({{of}})}} - '{schedule,error,not_before,first_request}'::text[]) || jsonb_build_object(
    'attempts', {{attempts({{of}})}} + 1,
    'errors', CASE WHEN {{is_envelope({{of}})}} AND jsonb_typeof({{of}}result_payload -> 'errors') = 'array'
      THEN jsonb_path_query_array({{of}}result_payload -> 'errors', '$[last - 8 to last]') ELSE '[]' END
      || jsonb_build_array(jsonb_build_object(
        'attempt', {{attempts({{of}})}} + 1, 'time', {{timestamp_text(now())}}, 'code', {{error}} -> 'code',
        'message', left({{error}} ->> 'message', 500), 'token', {{micros({{of}}updated_at)}})))

-- macro: backoff(of)
-- The delay before the next attempt: 1 second after the first failure, doubled by each further one, an hour at most; minus a
-- random part of up to a half.
least(power(2, least({{attempts({{of}})}}, 12)), 3600) * (1 - random() / 2) * interval '1 second'

-- macro: waiting_for(delay)
-- The keys that make a pending job wait for this time.
jsonb_build_object('schedule', 'waiting', 'not_before', {{timestamp_text(now() + ({{delay}}))}})

-- macro: retries(of; is_retryable; max_attempts)
-- Whether a failed attempt makes the job pending again.
({{is_retryable}} AND {{attempts({{of}})}} + 1 < {{max_attempts}})

-- macro: shown_payload(of; with_input)
-- The payload as text. `with_input` says whether it has the input.
CASE WHEN coalesce({{of}}status, 'pending') <> 'completed' AND NOT {{with_input}} AND {{is_envelope({{of}})}}
  THEN ({{of}}result_payload - 'input')::text ELSE {{of}}result_payload::text END

-- macro: status_after(of; status; is_retryable; max_attempts)
-- The status of the row after a job's attempt ended with `status`: pending after a retryable failure while attempts are left.
CASE WHEN {{retries({{of}}; {{is_retryable}}; {{max_attempts}})}} THEN 'pending' ELSE {{status}} END

-- macro: payload_after(of; status; result; is_retryable; delay; max_attempts)
-- The payload of the row after a job's attempt ended with `status`: the output of a completed job, or the envelope with the error
-- object `result`. With the status `processing`, `result` is the progress. `delay` is the time before the next attempt; NULL
-- means the backoff.
CASE {{status}} WHEN 'completed' THEN {{result}}
  WHEN 'processing' THEN {{envelope({{of}})}} || jsonb_build_object('progress', {{result}})
  ELSE {{failed_attempt({{of}}; {{result}})}} || CASE
    WHEN {{retries({{of}}; {{is_retryable}}; {{max_attempts}})}}
    THEN {{waiting_for(coalesce({{delay}}, {{backoff({{of}})}}))}}
    ELSE jsonb_build_object('error', {{result}}) END END
