-- Asks for the paths behind "--" in turn, and ends with one line for programs:
-- requests, failures, and in microseconds duration, p50, p95, p99.
local asked, turn = {}, 0

function init(paths)
  for n, path in ipairs(paths) do
    asked[n] = wrk.format("GET", path)
  end
end

function request()
  turn = turn % #asked + 1
  return asked[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("figures: %d %d %d %d %d %d\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
