"""The program under test, run for its answer: subcommands and starts that must be refused."""

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(
    os.environ.get("COUNTERSIGN_BINARY", REPOSITORY / ".build" / "release" / "countersign")
).resolve()

# Long enough for a start after a crash on a busy machine, short enough to notice a hang.
PROGRAM_SECONDS_MAX = 30


class Refused(Exception):
    """The program ended although it should have gone on."""

    def __init__(self, exit_code: int, output: str):
        super().__init__(f"exit code {exit_code}: {output.strip()}")
        self.exit_code = exit_code
        self.output = output


def clean_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Nothing of the developer's own settings or provider keys reaches the program."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    environment.update(extra or {})
    return environment


def run_program(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
) -> subprocess.CompletedProcess:
    """Runs `countersign <arguments>` to its end."""
    return subprocess.run(
        [str(BINARY), *arguments],
        env=clean_environment(env),
        cwd=cwd,
        input=stdin,
        text=True,
        capture_output=True,
        timeout=PROGRAM_SECONDS_MAX,
        check=False,
    )
