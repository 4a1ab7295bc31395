-- One usage event a request, each with an id of its own.
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  token, run, count = args[1], args[2], 0
end

function request()
  count = count + 1
  local body = string.format(
    '[{"source":"bench-%s-%d","id":"%d","integration":"openai",'
      .. '"operation":"POST /v1/chat/completions","status":"ok","latency_ms":812}]',
    run, number, count)
  return wrk.format("POST", "/api/usage/events",
    { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }, body)
end
