-- For wrk: the same REST call again and again, each time with one of the paths of REST_PATHS_FILE at random, as REST_METHOD with
-- the body REST_BODY and the token of REST_TOKEN_FILE. Prints its result as one JSON object on the last line.

local paths = {}
for path in io.lines(os.getenv("REST_PATHS_FILE")) do paths[#paths + 1] = path end

wrk.method = os.getenv("REST_METHOD")
wrk.body = os.getenv("REST_BODY")
for token in io.lines(os.getenv("REST_TOKEN_FILE")) do wrk.headers["authorization"] = "Bearer " .. token end
if wrk.body then wrk.headers["content-type"] = "application/json" end

function request()
  return wrk.format(nil, paths[math.random(#paths)])
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"calls": %d, "failed": %d, "calls_per_second": %.1f, "p50_micros": %.1f, "p99_micros": %.1f}\n',
    summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99)))
end
