"""A process with nothing but the log of a cluster, driven line by line."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("REPLICA_TOOL", ROOT / ".build-rep/release/ReplicaTool"))


class Tool:
    def __init__(self, servers: str, name: str, log: Path, **options):
        arguments = [str(BINARY), "--servers", servers, "--name", name]
        for key, value in options.items():
            arguments += [f"--{key}", str(value)]
        self.name = name
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._log = open(log, "w", encoding="utf-8")
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._log.write(f"{time.monotonic():.3f} {line}")
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append("(ended)")
            self._changed.notify_all()
        self._log.close()

    def say(self, command: str) -> int:
        """Sends a command; answers where its answers begin."""
        with self._changed:
            place = len(self.lines)
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass
        return place

    def expect(self, start: str, seconds: float = 20, since: int = 0) -> str:
        """The first line from `since` on that begins so."""
        deadline = time.monotonic() + seconds
        with self._changed:
            place = since
            while True:
                for line in self.lines[place:]:
                    if line.startswith(start):
                        return line
                place = len(self.lines)
                rest = deadline - time.monotonic()
                if rest <= 0 or not self._changed.wait(rest):
                    recent = "\n".join(self.lines[-20:])
                    raise AssertionError(f"{self.name} did not say {start!r}; last:\n{recent}")

    def ask(self, command: str, start: str | None = None, seconds: float = 20) -> str:
        place = self.say(command)
        return self.expect(start or command.split()[0] + " ", seconds, place)

    def said(self, start: str) -> list[str]:
        with self._changed:
            return [line for line in self.lines if line.startswith(start)]

    def append(self, text: str, shard: int = 0, seconds: float = 20) -> str:
        """durable, lost, or why it was refused."""
        place = self.say(f"append {shard} {text}")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._changed:
                for line in self.lines[place:]:
                    words = line.split()
                    if words[0] in ("settled", "refused") and words[-1] == text:
                        return words[2]
                self._changed.wait(0.2)
        raise AssertionError(f"{self.name}: {text} was not settled")

    def texts(self, shard: int = 0) -> list[str]:
        words = self.ask(f"dump {shard}", f"dump {shard}").split(" ", 4)
        return words[4].split(",") if int(words[2]) else []

    def status(self, shard: int = 0) -> dict:
        words = self.ask(f"status {shard}", f"status {shard}").split()
        fields = dict(word.split("=", 1) for word in words[3:])
        return {"role": words[2], **fields}

    def wait_count(self, count: int, shard: int = 0, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while True:
            found = int(self.ask(f"count {shard}", f"count {shard}").split()[2])
            if found >= count:
                return
            assert time.monotonic() < deadline, f"{self.name} has {found} of {count} records"
            time.sleep(0.1)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def quit(self) -> None:
        self.say("quit")
        self.process.wait(timeout=20)
