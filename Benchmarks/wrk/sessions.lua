-- Session checks of several accounts in turn.
function init(args)
  requests, turn = {}, 0
  for index, session in ipairs(args) do
    requests[index] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. session })
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
