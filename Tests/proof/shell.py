"""Real processes: curl, jq and the others. What is shown of a command is what was run."""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import REPOSITORY

SECONDS_MAX = 60
COMMAND_COLUMNS = 96


@dataclass
class Answer:
    """What one curl has brought; with jq, `rows` are the values that it let through."""

    status: int
    first_line: str
    headers: list[tuple[str, str]]
    text: str
    rows: list[Any] = field(default_factory=list)

    def header(self, name: str) -> str:
        """The header's value, empty when it is not there."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def is_json(self) -> bool:
        return "json" in self.header("content-type")

    @property
    def trace_id(self) -> str:
        return self.header("x-trace-id")

    @property
    def session(self) -> str:
        """The value of the session's cookie, empty when none was set."""
        name, _, value = self.header("set-cookie").partition("=")
        return value.split(";")[0] if name == "__Host-countersign" else ""


def environment(home: Path) -> dict[str, str]:
    """No proxy, no ~/.curlrc and no locale of the machine."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "CURL_HOME": str(home), "LC_ALL": "C"}


def run(command: list[str], home: Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        env=environment(home),
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
        **options,
    )


def git(home: Path, *arguments: str) -> str:
    """Of this repository, also where somebody else has checked it out."""
    done = run(["git", "-c", "safe.directory=*", *arguments], home, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def curl(arguments: list[str], home: Path) -> Answer:
    """`curl -si …`: the head and the body as they came."""
    done = run(["curl", "-si", *arguments], home, cwd=home)
    assert done.returncode == 0, f"curl ended with {done.returncode}"
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    headers = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
    return Answer(int(first.split()[1]), first, headers, body.decode("utf-8", "replace"))


def jq(program: str, text: str, home: Path) -> str:
    done = run(["jq", program], home, input=text.encode())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def json_values(text: str) -> list[Any]:
    """All values of a text that has one after the other."""
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        values.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return values


def shown(command: list[str]) -> str:
    """A command as one would type it, on several lines where it is long."""
    lines, line = [], "$"
    for index, word in enumerate(command):
        part = quoted(word)
        value = quoted(command[index + 1]) if index + 1 < len(command) else ""
        length = len(f"{line} {part} {value}")
        if index > 1 and word.startswith("-") and length > COMMAND_COLUMNS:
            lines.append(line + " \\")
            line = "   "
        line += f" {part}"
    return "\n".join([*lines, line])


def quoted(word: str) -> str:
    """`$api` stays what the shell would put the address in for."""
    if not word.startswith("$api"):
        return shlex.quote(word)
    return word if word == "$api" + shlex.quote(word[4:]) else f'"{word}"'
