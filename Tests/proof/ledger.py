"""The rows of the proof: each is a function that looks at the program, asserts, and answers in a
sentence what it has seen. A row without such a function that has really run does not pass."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .pages import Page, Section
from .requirements import REQUIREMENTS

# (proof, section) → what was seen
Look = Callable[..., str]


@dataclass(frozen=True)
class Check:
    id: str
    page: str
    title: str
    # How it is shown: the first paragraph of the function's description.
    how: str
    look: Look


CHECKS: list[Check] = []


def shows(id: str, page: str, title: str) -> Callable[[Look], Look]:
    """Registers a check of the row `id`; its section is on `page`, which the section's title
    names within."""
    assert id in REQUIREMENTS, f"{id} is no requirement"

    def register(look: Look) -> Look:
        assert look.__doc__, f"{look.__name__} does not say how it shows {id}"
        how = " ".join(look.__doc__.split("\n\n")[0].split())
        CHECKS.append(Check(id, page, title, how, look))
        return look

    return register


@dataclass
class Outcome:
    check: Check
    section: Section
    passed: bool
    # What was seen, or why it does not pass.
    seen: str
    seconds: float


@dataclass
class Ledger:
    pages: dict[str, Page]
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self, proof, checks: list[Check], quiet: bool = False) -> None:
        for check in checks:
            outcome = self._run(proof, check)
            self.outcomes.append(outcome)
            if not quiet:
                mark = "ok  " if outcome.passed else "FAIL"
                print(f"{mark} {check.id:4} {outcome.seconds:5.1f} s  {outcome.seen}", flush=True)

    def _run(self, proof, check: Check) -> Outcome:
        section = Section(f"{check.id}: {check.title}")
        self.pages[check.page].sections.append(section)
        section.say(check.how)
        started = time.monotonic()
        try:
            seen, passed = check.look(proof, section), True
            assert seen, "the check says nothing of what it saw"
            section.say(f"**Seen:** {seen}")
        except Exception as failure:  # whatever it is, the row does not pass and the others run
            seen, passed = proof.secrets.mask(reason(failure)), False
            section.say(f"**Does not pass:** {seen}")
        return Outcome(check, section, passed, seen, time.monotonic() - started)

    def of(self, id: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.check.id == id]

    def passed(self, id: str) -> bool:
        """False as well when nothing has looked at it."""
        outcomes = self.of(id)
        return bool(outcomes) and all(outcome.passed for outcome in outcomes)


def reason(failure: Exception) -> str:
    """The error and the line of ours that it came through, without the path of a machine."""
    text = str(failure).strip().splitlines()
    frames = traceback.extract_tb(failure.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent.name == "proof"]
    at = f" ({Path(ours[-1].filename).name}:{ours[-1].lineno})" if ours else ""
    return f"{type(failure).__name__}: {text[0] if text else ours[-1].line}{at}"
