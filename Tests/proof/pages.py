"""The pages of the proof and their sections: prose, commands with their answers, and pictures."""

import json
import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS_MAX = 100
LEGEND = (
    "`$api` stands for the address of the server, and a name in ‹brackets› for a secret that was "
    "there. JSON is indented for reading, and of the headers only those are kept that say "
    "something here."
)


@dataclass
class Section:
    """What one check has to show."""

    title: str
    _parts: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self._parts.append(wrapped(text))

    def code(self, text: str) -> None:
        self._parts.append(f"```text\n{text.strip()}\n```")

    def table(self, head: list[str], rows: list[list], align: str = "") -> None:
        self._parts.append(table(head, rows, align))

    def heading(self, text: str) -> None:
        self._parts.append(f"### {text}")

    def picture(self, file: str, text: str) -> None:
        self._parts.append(f"{text}:\n\n![{text}]({file})")

    @property
    def anchor(self) -> str:
        """As GitHub makes it, and as the house rules check it."""
        kept = (c for c in self.title.lower() if c.isalnum() or c in " -_")
        return "".join("-" if c in " -" else c for c in kept)

    def text(self) -> str:
        return "\n\n".join([f"## {self.title}", *self._parts])


@dataclass
class Page:
    name: str
    title: str
    lead: str
    sections: list[Section] = field(default_factory=list)

    @property
    def file(self) -> str:
        return f"{self.name}.md"

    def write(self, folder: Path) -> Path:
        parts = [f"# {self.title}", wrapped(self.lead), "[All rows](index.md)"]
        parts += [section.text() for section in self.sections]
        path = folder / self.file
        path.write_text("\n\n".join(parts) + "\n")
        return path


def pages() -> dict[str, Page]:
    """All pages but the index, in the order in which they are read."""
    return {
        page.name: page
        for page in (
            Page("curl", "The proof by curl", f"One story from the first call on. {LEGEND}"),
            Page("accounts", "Accounts and the second factor", LEGEND),
            Page("answers", "What holds for every answer", LEGEND),
            Page("messages", "Text messages", LEGEND),
            Page("integrations", "Integrations and their use", LEGEND),
            Page(
                "console",
                "The console",
                "Photographed in Chromium, at the release binary, with throw-away accounts. "
                "Everything that is said of a page was asserted in the browser.",
            ),
            Page("construction", "How it is built", LEGEND),
            Page("guard", "No call of an edge function", "The search, and what keeps it so."),
            Page(
                "commits",
                "Changed files and commits",
                "A group is the word before the colon of a commit's subject. Its commits are "
                "listed newest first; below them are the files that they have changed, each with "
                "the last commit of the group that did. What is struck through is gone today.",
            ),
        )
    }


def table(head: list[str], rows: list[list], align: str = "") -> str:
    """`align` has a letter for each column: l or r."""
    marks = [("---:" if side == "r" else "---") for side in align.ljust(len(head), "l")]
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(cell(one) for one in line) + " |" for line in lines)


def cell(value: object) -> str:
    """As JSON writes what is not text."""
    text = value if isinstance(value, str) else json.dumps(value)
    return on_one_line(text.replace("|", "\\|"))


def wrapped(text: str) -> str:
    """Prose in lines of at most 100 columns; only a URL or a link may be longer."""
    return textwrap.fill(
        on_one_line(text), COLUMNS_MAX, break_long_words=False, break_on_hyphens=False
    )


def on_one_line(text: str) -> str:
    """No-break spaces stay."""
    return re.sub(r"[ \t\n]+", " ", text).strip(" ")
