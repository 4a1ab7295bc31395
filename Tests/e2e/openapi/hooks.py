"""What schemathesis has to know of this API: how a line of NDJSON is made, and how to sign in again
when it has ended its own session."""

import json
import os

import requests
import schemathesis

COOKIE = "__Host-countersign"


@schemathesis.serializer("application/x-ndjson")
def ndjson(_, value) -> bytes:
    items = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(item) for item in items).encode()


@schemathesis.auth(refresh_interval=None)
class Admin:
    """The session of the first account, made anew when it is gone."""

    def __init__(self):
        self._session = ""

    def get(self, case, context) -> str:
        url = os.environ["OPENAPI_SERVER"]
        mine = {"Authorization": f"Bearer {self._session}"}
        if (
            not self._session
            or requests.get(f"{url}/api/auth/session", headers=mine).status_code != 200
        ):
            account = json.loads(os.environ["OPENAPI_ACCOUNT"])
            answer = requests.post(f"{url}/api/auth/login", json=account, timeout=10)
            answer.raise_for_status()
            line = answer.headers["set-cookie"].split(";")[0]
            self._session = line.removeprefix(f"{COOKIE}=")
        return self._session

    def set(self, case, data, context) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
