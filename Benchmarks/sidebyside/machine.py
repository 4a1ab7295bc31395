"""The facts of the machine: what figures depend on, and nothing that names it."""

import os
import platform
import re
from pathlib import Path

from .programs import output_of
from .rig import tool
from .settings import REPOSITORY


def facts(directory: str) -> list[str]:
    file_system = file_system_of(directory)
    shared = len(os.sched_getaffinity(0))
    lines = [
        f"- cores: {os.cpu_count()} ({processor()}), {shared} of them shared by the load, the"
        " servers and the upstream",
        f"- memory: {memory_gigabytes():.0f} GB; kernel: {platform.system()} {platform.release()}",
        f"- data on {file_system}, {disk_of(directory)}",
    ]
    if file_system == "tmpfs":
        lines.append("- **the data is in memory: nothing here is durable, set BENCH_DIRECTORY**")
    return lines


def file_system_of(directory: str) -> str:
    found = output_of("findmnt", "-n", "-o", "FSTYPE", "-T", directory)
    return found or output_of("stat", "-f", "-c", "%T", directory) or "an unknown file system"


def disk_of(directory: str) -> str:
    """The kind of the disk below: its driver's name for it, without a number."""
    source = output_of("findmnt", "-n", "-o", "SOURCE", "-T", directory)
    name = re.sub(r"p?\d+$", "", Path(source).name)
    if name.startswith("vd"):
        return "a virtual disk (virtio)"
    if name.startswith("nvme"):
        return "an NVMe disk"
    rotational = Path(f"/sys/block/{name}/queue/rotational")
    if not rotational.exists():
        return "a disk of unknown kind"
    return "a rotating disk" if rotational.read_text().strip() == "1" else "a solid-state disk"


def processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found.group(1).strip() if found else platform.machine()


def memory_gigabytes() -> float:
    found = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found.group(1)) * 1024 / 1e9 if found else 0


def busy_before() -> float:
    """What ran here in the minute before the run, in cores."""
    return os.getloadavg()[0]


def commit() -> str:
    # Without its optional lock git changes nothing, not even its index.
    git = ["git", "--no-optional-locks", "-C", REPOSITORY]
    found = output_of(*git, "rev-parse", "--short=12", "--verify", "HEAD")
    if not re.fullmatch("[0-9a-f]+", found):
        return "unknown"
    changes = output_of(*git, "status", "--porcelain", "--untracked-files=no")
    return found + (" with uncommitted changes" if changes else "")


def wrk_version() -> str:
    found = re.search(r"^wrk \S*?(\d\S*)", output_of(tool("wrk", "wrk"), "-v"))
    return found.group(1) if found else "unknown"
