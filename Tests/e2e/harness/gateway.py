"""A server whose providers are the mock: real-looking credentials, tokens, calls and events."""

import base64
import time
from pathlib import Path

import requests

from upstream import Upstream

from .client import REQUEST_SECONDS_MAX, Client
from .server import Server
from .wire import WireAnswer, ask, request_head

# Shaped as the providers shape theirs, and easy to recognise wherever they should not be.
CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": "ACca7a51e5ca7a51e5ca7a51e5ca7a51e5",
    "TWILIO_AUTH_TOKEN": "canarytwilio5f0e1d2c3b4a59687766",
    "TWILIO_FROM_NUMBER": "+15005550006",
    "APCA_API_KEY_ID": "PKCANARYALPACA000001",
    "APCA_API_SECRET_KEY": "canaryAlpacaSecret7Qm2Zt9Xw4Rb6Kd1Vf3Nh5",
    "POLYGON_API_KEY": "canaryPolygon_8sGk2LmQ4tVx6ZbN",
    "FINNHUB_API_KEY": "canaryfinnhubc9q1r2s3t4u5v6w7x8y9",
    "OPENAI_API_KEY": "sk-proj-canaryOpenAI-3fK8dLs0aQw7eRt5yUi2",
    "ANTHROPIC_API_KEY": "sk-ant-api03-canaryAnthropic-9hJ4kL7mN2pQ",
    "NEWSAPI_KEY": "canarynewsapi00112233445566778899",
    "FRED_API_KEY": "canaryfred0123456789abcdefghijkl",
}
# The account's SID and number are in Twilio's own answers and so may be seen by callers.
SECRETS = {
    name: value
    for name, value in CREDENTIALS.items()
    if name not in {"TWILIO_ACCOUNT_SID", "TWILIO_FROM_NUMBER"}
}
# The account that a caller puts into Twilio's paths: any will do, for ours replaces it.
CALLERS_ACCOUNT_SID = "AC" + "1" * 32
CALLERS_KEY_ID = "the-callers-key-id"
PRIVATE_UPSTREAMS = "--allow-private-upstreams"
USER_AGENT = "e2e/1"
EVENT_SECONDS_MAX = 15
PAGE_EVENTS_MAX = 200


def provider_environment(upstream: Upstream, *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """The mock's addresses and all credentials, or all but some."""
    keys = {name: value for name, value in CREDENTIALS.items() if name not in without}
    return {**keys, **upstream.environment()}


def forms_of_secrets() -> dict[str, str]:
    """The secrets as they are, and as a Basic credential hides them."""
    sid, token = CREDENTIALS["TWILIO_ACCOUNT_SID"], CREDENTIALS["TWILIO_AUTH_TOKEN"]
    pair = base64.b64encode(f"{sid}:{token}".encode()).decode()
    return {**SECRETS, "TWILIO_BASIC": pair}


def native_slot(integration: str, token: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and query parameters in which this provider's own clients send a key."""
    match integration:
        case "twilio":
            pair = base64.b64encode(f"{CALLERS_ACCOUNT_SID}:{token}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}, {}
        case "alpaca" | "alpaca-data":
            return {"APCA-API-KEY-ID": CALLERS_KEY_ID, "APCA-API-SECRET-KEY": token}, {}
        case "finnhub":
            return {"X-Finnhub-Token": token}, {}
        case "newsapi":
            return {"X-Api-Key": token}, {}
        case "fred":
            return {}, {"api_key": token}
    return {"Authorization": f"Bearer {token}"}, {}


class Gateway:
    """One server and the mock behind it."""

    def __init__(self, server: Server, upstream: Upstream):
        self.server = server
        self.upstream = upstream
        self.admin: Client = server.admin()
        self._tokens: dict[tuple[str, ...], str] = {}
        self._http = requests.Session()
        self._http.trust_env = False

    @classmethod
    def start(
        cls,
        servers,
        upstream: Upstream,
        *,
        env: dict[str, str] | None = None,
        without: tuple[str, ...] = (),
        args: tuple[str, ...] = (PRIVATE_UPSTREAMS,),
        data: Path | None = None,
    ) -> "Gateway":
        """`servers` is the factory of conftest.py; `without` names credentials to leave out."""
        settings = {**provider_environment(upstream, without=without), **(env or {})}
        return cls(servers.start(env=settings, args=args, data=data), upstream)

    def restarted(self) -> "Gateway":
        """The same tokens and the same admin at the new address of a server started again."""
        self.admin.on(self.server.url)
        return self

    # Calling

    @property
    def port(self) -> int:
        return self.server.port

    def path(self, integration: str, path: str) -> str:
        return f"/api/integrations/{integration}/call{path}"

    def token(self, *scopes: str) -> str:
        """One token for each set of scopes."""
        if scopes not in self._tokens:
            self._tokens[scopes] = self.admin.mint(*scopes)
        return self._tokens[scopes]

    def call(
        self,
        method: str,
        integration: str,
        path: str,
        *,
        token: str | None = None,
        headers: dict | None = None,
        params: dict | None = None,
        **options,
    ) -> requests.Response:
        """A call as a caller without an SDK makes it, with the token in the native slot."""
        slot, slot_params = native_slot(integration, token or self.token(f"call:{integration}"))
        return self._http.request(
            method,
            self.server.url + self.path(integration, path),
            headers={"User-Agent": USER_AGENT, **slot, **(headers or {})},
            params={**(params or {}), **slot_params},
            timeout=REQUEST_SECONDS_MAX,
            allow_redirects=False,
            **options,
        )

    def raw(
        self,
        method: str,
        integration: str,
        path: str,
        headers: dict[str, str] | list[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> WireAnswer | None:
        """A call whose path and headers arrive exactly as they are written here."""
        return ask(self.port, self.head(method, integration, path, headers) + body, method=method)

    def head(
        self,
        method: str,
        integration: str,
        path: str,
        headers: dict[str, str] | list[tuple[str, str]] = (),
    ) -> bytes:
        """The head of such a call, with the token in the native slot."""
        slot, params = native_slot(integration, self.token(f"call:{integration}"))
        assert not params, f"{integration} takes its key in the query"
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        return request_head(method, self.path(integration, path), [*slot.items(), *pairs])

    # Looking at what it has written down

    def events(self, integration: str, source: str = "observed") -> list[dict]:
        """All that can be listed, newest first."""
        rows, cursor = [], None
        while True:
            query = {"limit": PAGE_EVENTS_MAX, **({"cursor": cursor} if cursor else {})}
            page = self.admin.get(f"/api/integrations/{integration}/events", params=query)
            rows += page["events"]
            if (cursor := page["next_cursor"]) is None:
                return [row for row in rows if row["source"] == source]

    def newest_event(self, integration: str) -> dict:
        rows = self.events(integration)
        assert rows, f"no event of {integration}"
        return rows[0]

    def event_of(self, integration: str, trace_id: str) -> dict:
        """The event of one call, once its outcome is known: a caller that leaves does not wait
        for it, so this does."""
        deadline = time.monotonic() + EVENT_SECONDS_MAX
        while True:
            found = [row for row in self.events(integration) if row["trace_id"] == trace_id]
            assert len(found) < 2, found
            if found and found[0]["status"] != "pending":
                return found[0]
            assert time.monotonic() < deadline, f"no outcome of {trace_id}: {found}"
            time.sleep(0.02)

    def status(self, integration: str) -> dict:
        rows = self.admin.get("/api/integrations/status")["integrations"]
        return next(row for row in rows if row["id"] == integration)


def check_our_error(answer, status: int, code: str | None = None) -> dict:
    """An answer of ours and not the provider's; answers its body. Takes what `requests` and what
    the raw client give."""
    actual = getattr(answer, "status_code", None) or answer.status
    assert actual == status, f"expected {status}, got {actual}"
    body = answer.json() if callable(answer.json) else answer.json
    for member in ("error_code", "message", "suggested_fix", "trace_id"):
        assert isinstance(body.get(member), str) and body[member], f"no {member}: {body}"
    assert body["trace_id"] == answer.headers["x-trace-id"]
    assert code is None or body["error_code"] == code, body
    return body


def home_files(server: Server) -> list[Path]:
    """Everything that a server has written: data and logs."""
    return [path for path in server.home.rglob("*") if path.is_file()]
