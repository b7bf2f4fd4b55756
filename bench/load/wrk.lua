-- Rotates through the API keys of the file given as the first argument, and reports as one line of JSON.

local keys, last = {}, 0

function init(args)
  for key in io.lines(args[1]) do
    wrk.headers["Authorization"] = "Bearer " .. key
    keys[#keys + 1] = wrk.format("GET")
  end
  if #keys == 1 then request = nil end -- one request for all, prepared once
end

function request()
  last = last % #keys + 1
  return keys[last]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"status":%d,"socket":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
