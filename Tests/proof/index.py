"""The index: what was looked at, a row for each requirement, and what the whole of it comes to."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from harness import BINARY

from . import shell
from .ledger import Ledger
from .pages import Page, table, wrapped
from .requirements import REQUIREMENTS
from .world import Proof

LEAD = (
    "Made by `make proof`, which builds the release binary, runs it, looks, and fails when one of "
    "these rows does not hold. Every figure here and on the pages is of that one run. The "
    "providers behind the gateway are the strict mock of [the tests](../../Tests/e2e/upstream): "
    "it takes the real credentials in the real places and nothing else."
)


def write(
    proof: Proof, ledger: Ledger, wanted: list[str], problems: list[str], seconds: float
) -> Path:
    """`problems` are what is wrong beside the rows."""
    written = [page for page in ledger.pages.values() if page.sections]
    passed = [id for id in wanted if ledger.passed(id)]
    parts = [
        "# Proof",
        wrapped(LEAD),
        f"**{len(passed)} of {len(wanted)} rows hold.** {measured(proof, seconds)}",
        wrapped(closing(proof, written, problems)),
        "\n".join(f"- [{page.title}]({page.file})" for page in written),
        table(
            ["id", "requirement", "how it was shown", "result"],
            [row(ledger, id) for id in wanted],
        ),
        "## What it ran on",
        table(["what", "which"], subjects(proof)),
    ]
    path = proof.out / "index.md"
    path.write_text("\n\n".join(parts) + "\n")
    return path


def measured(proof: Proof, seconds: float) -> str:
    tally = proof.tally
    return (
        f"{tally.answers} answers to curl, with {len(tally.trace_ids)} different trace ids, in "
        f"{seconds:.0f} s."
    )


def closing(proof: Proof, written: list[Page], problems: list[str]) -> str:
    if problems:
        return "**FAILS**: " + "; ".join(problems)
    return (
        f"At the end the {len(written)} pages were searched for the {len(proof.secrets)} secrets "
        "of the run, and the mocks for credentials of callers and headers that name them: there "
        "were none."
    )


def row(ledger: Ledger, id: str) -> list[str]:
    outcomes = ledger.of(id)
    if not outcomes:
        return [id, REQUIREMENTS[id], "nothing looks at it", "**FAILS**"]
    how = "; ".join(
        f"{outcome.check.how.rstrip('.')} "
        f"([{outcome.check.title}]({outcome.check.page}.md#{outcome.section.anchor}))"
        for outcome in outcomes
    )
    seen = "; ".join(
        outcome.seen if outcome.passed else f"**FAILS**: {outcome.seen}" for outcome in outcomes
    )
    return [id, REQUIREMENTS[id], how, f"holds: {seen}" if ledger.passed(id) else seen]


def subjects(proof: Proof) -> list[list[str]]:
    """What of the surroundings a figure depends on, by kind and version, not by name."""
    home = proof.scratch
    commit = shell.git(home, "rev-parse", "--short", "HEAD")
    changed = shell.git(home, "status", "--porcelain", "-uall", "--", "Sources", "config")
    count = len(changed.splitlines())
    version = shell.run([str(BINARY), "version"], home).stdout.decode().split()
    since = f", with {count} files of Sources and config changed since" if count else ""
    curl, chromium = (
        shell.run([name, "--version"], home).stdout.decode().split()[1]
        for name in ("curl", "chromium")
    )
    return [
        ["commit", commit + since],
        ["binary", f"{' '.join(version)}, {BINARY.stat().st_size:,} bytes"],
        ["when", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")],
        ["machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"],
        ["clients", f"curl {curl}, Chromium {chromium}, Python {platform.python_version()}"],
    ]
