-- A session check with a bearer.
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
end
