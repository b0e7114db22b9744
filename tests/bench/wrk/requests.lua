-- Requests read from a file, a path a line, each thread taking its share of the lines.
--
--   wrk ... -s requests.lua URL -- THREADS FILE METHOD BODY-BYTES [NAME: VALUE ...]
--
-- They are sent in order, again from the first when used up: who PUTs new keys gives enough of
-- them, and sees what was refused. Ends with a line RESULT and JSON.

local counter = 0

function setup(thread)
  thread:set("number", counter)
  counter = counter + 1
end

local lines, at = {}, 0
local method, body, headers

function init(args)
  local threads, file = tonumber(args[1]), args[2]
  method = args[3]
  local size = tonumber(args[4])
  if size > 0 then body = string.rep("x", size) end
  headers = {}
  for i = 5, #args do
    local name, value = args[i]:match("^([^:]+): ?(.*)$")
    headers[name] = value
  end
  local i = 0
  for line in io.lines(file) do
    if i % threads == number then lines[#lines + 1] = line end
    i = i + 1
  end
end

function request()
  at = at + 1
  if at > #lines then at = 1 end
  return wrk.format(method, lines[at], headers, body)
end

function done(summary, latency, requests)
  io.write(string.format(
    'RESULT {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "median_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
