"""The place of one figure: a temporary folder, and what ends all programs that it started."""

import os
import shutil
import string
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .programs import Failure, Program, running, say
from .settings import FILES, Settings

Value = TypeVar("Value")


class Template(string.Template):
    """`@{name}`, because nginx has its own use for the dollar."""

    delimiter = "@"


@dataclass
class Rig:
    place: Path
    stack: ExitStack
    settings: Settings

    def start(self, name: str, command, environment=None) -> Program:
        return self.stack.enter_context(running(name, command, self.place, environment))

    def write(self, template: str, **values) -> Path:
        written = self.place / template
        text = (FILES / template).read_text()
        # `@type` of Envoy is no placeholder and stays as it is.
        written.write_text(Template(text).safe_substitute(place=self.place, **values))
        return written

    def interleave(self, contenders: dict[str, Callable[[], Value]]) -> list[dict[str, Value]]:
        """Every contender once a round, one after the other. Nobody always runs after the same
        neighbour, or always last."""
        names, rounds = list(contenders), []
        for number in range(self.settings.rounds):
            turn = number % len(names)
            current = {}
            for name in names[turn:] + names[:turn]:
                say(f"round {number + 1} of {self.settings.rounds}: {name}")
                current[name] = contenders[name]()
            rounds.append(current)
        return rounds


@contextmanager
def rig(settings: Settings) -> Iterator[Rig]:
    place = Path(tempfile.mkdtemp(prefix="countersign-bench-", dir=settings.directory))
    try:
        with ExitStack() as stack:
            yield Rig(place, stack, settings)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def tool(name: str, package: str) -> str:
    """A command of Debian's; its servers are not on everybody's PATH."""
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise Failure(f"{name} is missing: apt-get install {package}")
    return found
