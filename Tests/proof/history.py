"""Row P4: changed files and commits, grouped by the side that the subject of a commit names."""

from dataclasses import dataclass
from pathlib import Path

from harness import REPOSITORY

from . import shell
from .ledger import shows
from .pages import Section
from .world import Proof

# In the order of the page.
SIDES = {
    "backend": "The backend",
    "ui": "The user interface",
    "build": "Building",
    "test": "Tests",
    "docs": "Documents",
}
# What a name cannot contain, between the parts of one commit.
MARK = "\x1e"


@dataclass
class Commit:
    hash: str
    side: str
    subject: str
    files: list[str]


def commits(home: Path) -> list[Commit]:
    """All commits, newest first."""
    log = shell.git(home, "log", f"--format={MARK}%h %s", "--name-only", "--no-renames")
    found = []
    for entry in log.split(MARK)[1:]:
        first, *files = [line for line in entry.splitlines() if line]
        hash, _, subject = first.partition(" ")
        found.append(Commit(hash, subject.partition(":")[0], subject, files))
    return found


@shows("P4", "commits", "by side")
def history(proof: Proof, section: Section) -> str:
    """All commits of git's history by the side that their subjects name, with the files that each
    side has changed."""
    found = commits(proof.scratch)
    assert found, "there are no commits"
    groups = {side: [one for one in found if one.side == side] for side in SIDES}
    seen = []
    for side, group in groups.items():
        if group:
            section.heading(SIDES[side])
            section.table(["commit", "subject", "files"], commit_rows(group), "llr")
            section.table(["folder", "files, each with its last commit"], file_rows(group))
            files = {file for one in group for file in one.files}
            seen.append(f"{side}: {len(group)} commits, {len(files)} files")
    strangers = [f"{one.hash} {one.subject}" for one in found if one.side not in SIDES]
    assert not strangers, f"these name no side: {'; '.join(strangers)}"
    missing = [SIDES[side].lower() for side in ("backend", "ui") if not groups[side]]
    assert not missing, f"no commit of {' and '.join(missing)}"
    return "; ".join(seen)


def commit_rows(group: list[Commit]) -> list[list]:
    return [[f"`{one.hash}`", one.subject.partition(": ")[2], len(one.files)] for one in group]


def file_rows(group: list[Commit]) -> list[list]:
    """A row for each folder."""
    last: dict[str, str] = {}
    for one in group:
        for file in one.files:
            last.setdefault(file, one.hash)
    folders: dict[str, list[str]] = {}
    for file, hash in sorted(last.items()):
        path = Path(file)
        name = path.name if (REPOSITORY / file).exists() else f"~~{path.name}~~"
        folders.setdefault(path.parent.as_posix(), []).append(f"{name} `{hash}`")
    return [[f"`{folder}`", ", ".join(files)] for folder, files in folders.items()]
