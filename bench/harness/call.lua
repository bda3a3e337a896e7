-- One POST, again and again. What is sent comes from the environment; what came of it goes to stdout as one line of JSON.
-- Where each request needs a proof of its own (DPoP), they are the lines of a file.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
for line in string.gmatch(os.getenv("BENCH_HEADERS"), "[^\n]+") do
  local name, value = string.match(line, "^([^:]+): (.*)$")
  wrk.headers[name] = value
end

local path = os.getenv("BENCH_PROOFS")
if path then
  local proofs, at = {}, 0
  for line in io.lines(path) do proofs[#proofs + 1] = line end
  function request()
    at = at + 1
    wrk.headers["dpop"] = proofs[at]
    return wrk.format()
  end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\nBENCH {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed, summary.errors.status))
end
