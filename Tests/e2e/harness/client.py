"""A caller of the API that holds every answer against the rules that all answers share."""

import http.cookiejar
import itertools
import re
import uuid

import requests

from .authenticator import Authenticator

COOKIE_NAME = "__Host-countersign"
PASSWORD = "correct horse battery staple"
TRACE_ID = re.compile(r"[0-9a-f]{32}")
REQUEST_SECONDS_MAX = 30

_emails = itertools.count(1)


def fresh_email() -> str:
    return f"user-{next(_emails)}-{uuid.uuid4().hex[:12]}@example.com"


class Client:
    """Keeps the session cookie by hand: it is `Secure`, and the tests speak plain HTTP."""

    def __init__(self, url: str, *, token: str | None = None, ca: str | None = None):
        self.url = url
        self.token = token
        self.cookie: str | None = None
        self.user: dict = {}
        self.email = ""
        self.password = PASSWORD
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = ca or True
        self._http.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def on(self, url: str) -> "Client":
        """The same caller, talking to a server that has been started again."""
        self.url = url
        return self

    def twin(self) -> "Client":
        """Another connection with the same credentials, for use by another thread."""
        twin = Client(self.url, token=self.token)
        twin.cookie, twin.user, twin.email, twin.password = (
            self.cookie,
            self.user,
            self.email,
            self.password,
        )
        return twin

    # Requests

    def request(
        self,
        method: str,
        path: str,
        *,
        expect: int | None = None,
        headers: dict | None = None,
        **options,
    ) -> requests.Response:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookie is not None:
            sent.setdefault("Cookie", f"{COOKIE_NAME}={self.cookie}")
        answer = self._http.request(
            method,
            self.url + path,
            headers=sent,
            timeout=REQUEST_SECONDS_MAX,
            allow_redirects=False,
            **options,
        )
        self._keep_cookie(answer)
        check_rules(answer, path)
        if expect is not None:
            assert answer.status_code == expect, (
                f"{method} {path}: expected {expect}, got {answer.status_code}: {answer.text}"
            )
        return answer

    def get(self, path: str, expect: int | None = 200, **options) -> dict:
        return self.request("GET", path, expect=expect, **options).json()

    def post(self, path: str, body=None, expect: int | None = 200, **options) -> dict:
        return self.request("POST", path, json=body, expect=expect, **options).json()

    def patch(self, path: str, body=None, expect: int | None = 200, **options) -> dict:
        return self.request("PATCH", path, json=body, expect=expect, **options).json()

    def delete(self, path: str, expect: int | None = 200, **options) -> dict:
        return self.request("DELETE", path, expect=expect, **options).json()

    def _keep_cookie(self, answer: requests.Response) -> None:
        line = answer.headers.get("set-cookie")
        if line is None:
            return
        value = line.split(";")[0].removeprefix(f"{COOKIE_NAME}=")
        self.cookie = value or None

    # Accounts

    def register(self, email: str | None = None, password: str = PASSWORD, **more) -> dict:
        self.email, self.password = email or fresh_email(), password
        answer = self.post(
            "/api/auth/register", {"email": self.email, "password": password, **more}, expect=201
        )
        self.user = answer["user"]
        return answer

    def login(
        self, email: str | None = None, password: str | None = None, expect: int = 200
    ) -> dict:
        self.email, self.password = email or self.email, password or self.password
        self.cookie = None
        return self.post(
            "/api/auth/login", {"email": self.email, "password": self.password}, expect=expect
        )

    def step_up(self, expect: int = 200, **proof) -> dict:
        return self.post("/api/auth/step-up", {"password": self.password, **proof}, expect=expect)

    def enroll(self) -> tuple[Authenticator, list[str]]:
        """Turns two-factor on; answers the authenticator and the backup codes."""
        authenticator = Authenticator(self.post("/api/auth/2fa/setup")["secret"])
        confirmed = self.post("/api/auth/2fa/confirm", {"code": authenticator.code()})
        self.user = confirmed["user"]
        return authenticator, confirmed["backup_codes"]

    def challenge(self) -> str:
        """Signs in with the password alone; answers the temp_token."""
        answer = self.login()
        assert answer["requires_2fa"] is True and "user" not in answer and self.cookie is None
        return answer["temp_token"]

    def verify(self, temp_token: str, expect: int | None = 200, **factor) -> dict:
        return self.post(
            "/api/auth/2fa/verify", {"temp_token": temp_token, **factor}, expect=expect
        )

    def signed_in(self) -> bool:
        return self.request("GET", "/api/auth/session").status_code == 200

    def mint(self, *scopes: str, name: str = "test", **more) -> str:
        return self.post("/api/tokens", {"name": name, "scopes": list(scopes), **more}, expect=201)[
            "token"
        ]

    def with_token(self, *scopes: str) -> "Client":
        """A caller with a service token of these scopes, minted by this admin."""
        return Client(self.url, token=self.mint(*scopes))


def check_rules(answer: requests.Response, path: str) -> None:
    """What the contract promises of every answer."""
    header = answer.headers.get("x-trace-id", "")
    assert TRACE_ID.fullmatch(header), f"{path}: x-trace-id is {header!r}"
    assert header in answer.headers.get("traceparent", ""), f"{path}: traceparent does not carry it"
    if path.startswith("/api"):
        assert answer.headers.get("cache-control") == "no-store", f"{path}: cache-control"
    if answer.request.method == "HEAD" or "json" not in answer.headers.get("content-type", ""):
        assert answer.status_code < 400 or answer.request.method == "HEAD", (
            f"{path}: a failure without a JSON body: {answer.status_code} {answer.text!r}"
        )
        return
    body = answer.json()
    if path.startswith("/api") or answer.status_code >= 400:
        assert body["trace_id"] == header, f"{path}: trace_id differs from x-trace-id"
    if answer.status_code >= 400:
        for member in ("error_code", "message", "suggested_fix"):
            assert isinstance(body.get(member), str) and body[member], (
                f"{path}: no {member}: {body}"
            )
        if "retry_after_seconds" in body:
            assert answer.headers["retry-after"] == str(body["retry_after_seconds"])
