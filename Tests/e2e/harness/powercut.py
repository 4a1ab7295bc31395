"""What a power cut leaves of a directory: rebuilt from the journal that Tests/powercut/shim.c kept.

What was synced is there. Of what was not, every 512-byte sector may hold any of its versions, and
every new, changed or removed name may be or not be there, by a seeded coin. A file's sync covers
only what was done before the sync began, and never the file's name: that takes a sync of the
directory.
"""

import os
import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

SECTOR_BYTES = 512
ENTRY = struct.Struct("<QQQQQIIII")
(
    OPENED,
    CREATED,
    WRITTEN,
    ZEROED,
    TRUNCATED,
    SYNCED,
    RENAMED,
    UNLINKED,
    MADE_DIRECTORY,
    SYNCED_DIRECTORY,
) = range(1, 11)
# How much of what was not synced has reached the disk nevertheless.
LUCK = (0.0, 0.1, 0.5, 0.9, 1.0)


@dataclass
class Change:
    """Bytes that were written, or a new size when there are none."""

    number: int
    offset: int
    content: bytes | None

    @property
    def end(self) -> int:
        return self.offset + len(self.content or b"")


@dataclass(eq=False)
class File:
    """What is certainly on the disk, and what may be."""

    content: bytearray
    pending: list[Change] = field(default_factory=list)

    def sync(self, before: int) -> None:
        for change in [change for change in self.pending if change.number < before]:
            self._apply(change)
        self.pending = [change for change in self.pending if change.number >= before]

    def _apply(self, change: Change) -> None:
        if change.content is None:
            del self.content[change.offset :]
            self.content.extend(bytes(change.offset - len(self.content)))
            return
        self.content.extend(bytes(max(0, change.offset - len(self.content))))
        self.content[change.offset : change.end] = change.content

    def after_the_cut(self, coin: random.Random, luck: float) -> bytes:
        """Each sector is as it was after any one of the changes that it has seen."""
        durable = bytes(self.content)
        versions = [durable]
        for change in self.pending:
            self._apply(change)
            versions.append(bytes(self.content))
        if len(versions) == 1:
            return durable
        # The size goes its own way: what is in it but was not written is zeros.
        size = len(coin.choice(versions) if coin.random() < luck else durable)
        result = bytearray(durable[:size].ljust(size, b"\0"))
        for sector in sorted(self._touched(size)):
            seen = 0
            for _ in self.pending:
                if coin.random() >= luck:
                    break
                seen += 1
            start = sector * SECTOR_BYTES
            end = min(start + SECTOR_BYTES, size)
            result[start:end] = versions[seen][start:end].ljust(end - start, b"\0")
        return bytes(result)

    def _touched(self, size: int) -> set[int]:
        sectors: set[int] = set()
        for change in self.pending:
            end = size if change.content is None else min(change.end, size)
            start = change.offset
            sectors.update(range(start // SECTOR_BYTES, -(-end // SECTOR_BYTES)))
        return sectors


@dataclass(eq=False)
class NameChange:
    number: int
    folder: str
    removed: str | None
    added: str | None
    file: File | None


class Disk:
    """The tree below one directory, as the journal tells it."""

    def __init__(self, root: Path, *, is_honest: bool = True):
        """Starts with what is there now, all of it durable. One that is not honest forgets every
        sync of a segment: what a server that forgets to sync would be like."""
        self.root = str(root)
        self.is_honest = is_honest
        self.live: dict[str, File] = {}
        self.folders: set[str] = {self.root}
        for path in sorted(root.rglob("*")):
            if path.is_dir():
                self.folders.add(str(path))
            elif path.is_file():
                self.live[str(path)] = File(bytearray(path.read_bytes()))
        self.durable: dict[str, File] = dict(self.live)
        self.names: list[NameChange] = []
        self.syncs = 0
        self._inodes: dict[int, File | str] = {}

    def replay(self, journal: Path) -> "Disk":
        content, offset = journal.read_bytes(), 0
        while offset + ENTRY.size <= len(content):
            entry = ENTRY.unpack_from(content, offset)
            first, second = entry[5], entry[6]
            offset += ENTRY.size
            # The process may have died in the middle of its last line.
            if offset + first + second > len(content):
                break
            self._carry_out(
                entry,
                content[offset : offset + first],
                content[offset + first : offset + first + second],
            )
            offset += first + second
        return self

    def _carry_out(self, entry: tuple, first: bytes, second: bytes) -> None:
        number, inode, offset, length, began, _, _, operation, _ = entry
        match operation:
            case 1:  # OPENED
                path = first.decode()
                self._inodes[inode] = path if path in self.folders else self.live[path]
            case 2:  # CREATED
                file = File(bytearray())
                self._inodes[inode] = self.live[first.decode()] = file
                self._name(number, None, first.decode(), file)
            case 3:  # WRITTEN
                self._file(inode).pending.append(Change(number, offset, first))
            case 4:  # ZEROED
                self._file(inode).pending.append(Change(number, offset, bytes(length)))
            case 5:  # TRUNCATED
                self._file(inode).pending.append(Change(number, length, None))
            case 6:  # SYNCED
                if self.is_honest or self._file(inode) not in self._segments():
                    self._file(inode).sync(began)
                self.syncs += 1
            case 7:  # RENAMED
                old, new = first.decode(), second.decode()
                file = self.live.pop(old)
                self.live[new] = file
                self._name(number, old, new, file)
            case 8:  # UNLINKED
                # A socket is none of the files that are watched.
                if self.live.pop(first.decode(), None) is not None:
                    self._name(number, first.decode(), None, None)
            case 9:  # MADE_DIRECTORY
                self.folders.add(first.decode())
            case 10:  # SYNCED_DIRECTORY
                folder = self._inodes[inode]
                self.syncs += 1
                done = [c for c in self.names if c.folder == folder and c.number < began]
                for change in done:
                    self._rename(self.durable, change)
                self.names = [change for change in self.names if change not in done]
            case _:
                raise ValueError(f"operation {operation} in the journal")

    def _segments(self) -> list[File]:
        return [file for path, file in self.live.items() if "wal-0" in path]

    def _file(self, inode: int) -> File:
        file = self._inodes[inode]
        assert isinstance(file, File)
        return file

    def _name(self, number: int, removed: str | None, added: str | None, file: File | None):
        folder = os.path.dirname(added or removed or "")
        self.names.append(NameChange(number, folder, removed, added, file))

    @staticmethod
    def _rename(names: dict[str, File], change: NameChange) -> None:
        if change.removed is not None and (
            change.file is None or names.get(change.removed) is change.file
        ):
            names.pop(change.removed, None)
        if change.added is not None and change.file is not None:
            names[change.added] = change.file

    def write_after_the_cut(self, target: Path, seed: int) -> dict:
        """Builds one of the directories that the power cut may leave; answers what was at stake."""
        coin = random.Random(seed)
        luck = coin.choice(LUCK)
        names = dict(self.durable)
        for change in self.names:
            if coin.random() < luck:
                self._rename(names, change)
        for folder in sorted(self.folders):
            place = target / os.path.relpath(folder, self.root)
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path, file in sorted(names.items()):
            place = target / os.path.relpath(path, self.root)
            place.write_bytes(file.after_the_cut(coin, luck))
            place.chmod(0o600)
        files = {id(file): file for file in [*self.live.values(), *self.durable.values()]}
        return {
            "luck": luck,
            "syncs": self.syncs,
            "unsynced writes": sum(len(file.pending) for file in files.values()),
            "unsynced names": len(self.names),
        }
