"""Rows A9 and A10: what a failure says, and the trace id that every answer has."""

import json

from .ledger import shows
from .pages import Section
from .world import Proof

PAGE = "answers"
BODY_BYTES_MAX = 1 << 20
OPERATIONS_MIN = 40


@shows("A9", PAGE, "errors")
def errors(proof: Proof, section: Section) -> str:
    """One failure of each kind; the code of each must be in the catalogue, and nothing may be
    let through."""
    gateway = proof.gateway(without=("FRED_API_KEY",))
    caller = proof.person(section, "a9@example.com", gateway.server)
    catalogue = caller("GET", "/api/errors", quiet=True).json["errors"]
    known = {entry["error_code"] for entry in catalogue}
    wrong = {"email": "a9@example.com", "password": "not the password"}
    nobody = {"email": "nobody@example.com", "password": "not the password"}
    call = "/api/integrations/{}/call/{}"
    fred_path = call.format("fred", "fred/series?series_id=GNPCA")
    fred = gateway.token("call:fred")
    section.say("Three of them in full:")
    rows = []

    def fails(what: str, expect: int, method: str, path: str, body=None, quiet=True, **more):
        answer = caller(method, path, body, expect=expect, quiet=quiet, **more)
        failure = answer.json
        assert failure["error_code"] in known, f"{failure['error_code']} is not in the catalogue"
        assert failure["message"] and failure["suggested_fix"], failure
        assert not answer.session, f"{what}: there is a session"
        code = f"`{failure['error_code']}`"
        rows.append([what, str(expect), code, proof.secrets.mask(failure["suggested_fix"])])
        return answer

    login = "/api/auth/login"
    fails("a wrong password", 401, "POST", login, wrong, quiet=False, session="")
    fails("a provider whose key is not set", 503, "GET", fred_path, quiet=False, token=fred)
    fails("JSON that is cut off", 400, "POST", login, '{"email":', quiet=False, session="")
    fails("an address that nobody has", 401, "POST", login, nobody, session="")
    fails("no address at all", 422, "POST", login, {"password": "x"}, session="")
    fails("no credential", 401, "GET", "/api/integrations/status", session="")
    fails("a token that nobody has", 401, "GET", "/api/auth/session", token="cs_k_" + "0" * 40)
    fails("a member where an admin is needed", 403, "GET", "/api/admin/users")
    fails("a call without a token", 401, "GET", fred_path, session="")
    polygon = call.format("polygon", "v1/marketstatus/now")
    fails("a token without the scope", 403, "GET", polygon, token=fred)
    fails("a path that climbs", 400, "GET", call.format("fred", "%2e%2e/x"), token=fred)
    fails("a path that is not there", 404, "GET", "/api/nothing")
    fails("a method that is not there", 405, "PUT", "/api/auth/session", {})
    plain = ("content-type: text/plain",)
    fails("a body of another kind", 415, "POST", login, "x", session="", headers=plain)
    (proof.scratch / "large").write_bytes(b"x" * (BODY_BYTES_MAX + 1))
    large = ("--data-binary", "@large", "-H", "content-type: application/json")
    fails("a body that is too large", 413, "POST", login, session="", options=large)
    arrived = len(gateway.upstream["fred"].requests) + len(gateway.upstream["polygon"].requests)
    assert arrived == 0, f"{arrived} calls that were refused have left the server"
    section.say("All of them:")
    section.table(["what", "status", "error_code", "suggested_fix"], rows)
    alike = rows[0][1:] == rows[3][1:]
    assert alike, "a wrong password and an unknown address are told apart"
    return (
        f"{len(rows)} of {len(rows)} say their code and their fix; all codes are among the "
        f"{len(known)} of GET /api/errors; no session came of them and no call left the server"
    )


@shows("A10", PAGE, "the trace id of every answer")
def trace_ids(proof: Proof, section: Section) -> str:
    """Every operation of the server's own OpenAPI document is called, without a credential, and
    what comes has to carry a trace id; one of them goes on with the caller's own."""
    caller = proof.caller(section)
    paths = caller("GET", "/openapi.json", quiet=True).json["paths"]
    operations = [(method.upper(), path) for path, entry in paths.items() for method in entry]
    assert len(operations) > OPERATIONS_MIN, operations
    statuses: dict[int, int] = {}
    for method, path in operations:
        real = path.replace("{file}", "nothing.js")
        for name in ("{id}", "{path}", "{trace_id}"):
            real = real.replace(name, "0" * 32)
        answer = caller(method, real, expect=None, session="", quiet=True)
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        assert answer.status < 500, f"{method} {path}: {answer.status}"
        if path.startswith("/api/"):
            assert json.loads(answer.text)["trace_id"] == answer.trace_id, f"{method} {path}"
    kinds = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    section.say(f"{len(operations)} operations: {kinds}.")
    own = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = (f"traceparent: 00-{own}-00f067aa0ba902b7-01",)
    answer = caller("GET", "/health", headers=sent, also=("traceparent",))
    assert answer.trace_id == own
    return (
        f"all {len(operations)} operations do, in a header and under /api in the body; and so did "
        "every answer on these pages, or its row would have failed"
    )
