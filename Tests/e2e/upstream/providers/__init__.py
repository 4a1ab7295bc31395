"""The providers' own behaviour, one module each: `answer(request, env)` for a call whose key is
right, `unauthorized(request, env)` for any other."""
