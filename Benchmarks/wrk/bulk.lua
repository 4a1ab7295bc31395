-- A thousand usage events a request, each with an id of its own.
local events_per_request = 1000
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  token, run, count = args[1], args[2], 0
  prefix = string.format('{"source":"bulk-%s-%d","id":"', run, number)
  suffix = '","integration":"openai","operation":"POST /v1/chat/completions",'
    .. '"status":"ok","latency_ms":812}'
end

function request()
  local parts = {}
  for index = 1, events_per_request do
    count = count + 1
    parts[index] = prefix .. count .. suffix
  end
  return wrk.format("POST", "/api/usage/events",
    { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" },
    "[" .. table.concat(parts, ",") .. "]")
end
