"""A request as it came off the wire: nothing decoded, nothing merged, nothing tidied."""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

# What is no call of a caller: the gateway's own probes name the product, or nobody.
GATEWAY_AGENT = "countersign"


@dataclass
class Request:
    """One request; `body` is whole once `complete` is set."""

    integration: str
    # The connection that it came over, for tests of reuse and of hanging up.
    connection: Any
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    body_bytes_so_far: int = 0
    trailers: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = False
    # The provider's real credential was where it belongs.
    has_right_key: bool = False
    # Whether a canned answer of the test's was used instead of the provider's own.
    scripted: bool = False
    # The id under which the provider's answer names this request.
    provider_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: float = field(default_factory=time.monotonic)

    # Headers

    def header(self, name: str) -> str | None:
        """The only value of this header; two of them are an error of the sender's."""
        values = self.all(name)
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}

    @property
    def is_by_a_caller(self) -> bool:
        """False for the gateway's own probes, which may come at any time."""
        agent = " ".join(self.all("user-agent")).lower()
        return bool(agent) and not agent.startswith(GATEWAY_AGENT)

    # The target

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        return unquote(self.raw_path)

    @property
    def raw_query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, str]:
        return dict(self.query_items)

    @property
    def query_items(self) -> list[tuple[str, str]]:
        return parse_qsl(self.raw_query, keep_blank_values=True)

    # The body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def __str__(self) -> str:
        return f"{self.integration}: {self.method} {self.target}"
