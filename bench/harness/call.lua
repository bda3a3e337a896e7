-- One POST, again and again. What is sent comes from the environment; what came of it goes to stdout as one line of JSON.
-- Where each request needs a proof (DPoP) or a body of its own, they are the lines of a file.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
for line in string.gmatch(os.getenv("BENCH_HEADERS"), "[^\n]+") do
  local name, value = string.match(line, "^([^:]+): (.*)$")
  wrk.headers[name] = value
end

local function linesOf(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

local proofs, bodies = os.getenv("BENCH_PROOFS"), os.getenv("BENCH_BODIES")
if proofs or bodies then
  proofs, bodies = proofs and linesOf(proofs), bodies and linesOf(bodies)
  local at = 0
  function request()
    at = at + 1
    if proofs then wrk.headers["dpop"] = proofs[at] end
    if bodies then wrk.body = bodies[at] end
    return wrk.format()
  end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\nBENCH {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed, summary.errors.status))
end
