-- Requests of files that take turns (bench/serve/load.py), and the measurements as one line of JSON.
local requests, at = {}, 0

function init(args)
  local path, folder, count = args[1], args[2], tonumber(args[3])
  for line in io.lines(folder .. "/headers") do
    local name, value = line:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  for i = 1, count do
    local file = io.open(folder .. "/" .. i, "rb")
    requests[i] = wrk.format("POST", path, nil, file:read("*a"))
    file:close()
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout
  ))
end
