-- A PocketBase record for each request, with the fields of event.lua and an id of its own.
function init(args)
  run, count = args[1], 0
end

function request()
  count = count + 1
  local body = string.format(
    '{"source":"bench-%s","event_id":"%d","integration":"openai",'
      .. '"operation":"POST /v1/chat/completions","status":"ok","latency_ms":812}',
    run, count)
  wrk.headers["Content-Type"] = "application/json"
  return wrk.format("POST", nil, nil, body)
end
