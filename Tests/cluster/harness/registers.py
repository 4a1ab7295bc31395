"""Callers who write and read the same few facts through all servers, and remember what they saw."""

import itertools
import random
import threading
import time
import uuid

import requests

from .linearizable import NEVER, Operation, violation
from .servers import PASSWORD, Caller, Members

CALLERS_PER_REGISTER = 3
PAUSE_SECONDS = 0.01
ANSWER_SECONDS_MAX = 8


class Register:
    """The phone number of an account: each write gives it another one."""

    def __init__(self, caller: Caller, email: str):
        self.caller, self.email = caller, email
        self.history: list[Operation] = []
        self.numbers = itertools.count(1)


class Registers:
    """Accounts whose numbers are written and read by several callers each, and sessions that are
    ended and asked for afterwards."""

    def __init__(self, members: Members, count: int):
        self.members = members
        self.registers = [self._make() for _ in range(count)]
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.revived: list[str] = []
        self.forgotten: list[str] = []
        self.ended = 0
        self.threads = [
            threading.Thread(target=self._run, args=(register, number), daemon=True)
            for register in self.registers
            for number in range(CALLERS_PER_REGISTER)
        ] + [threading.Thread(target=self._end_sessions, daemon=True)]

    def _make(self) -> Register:
        email = f"r{uuid.uuid4().hex}@example.com"
        caller = Caller()
        deadline = time.monotonic() + 30
        while caller.register(self._url(), email).status_code != 201:
            assert time.monotonic() < deadline, "an account can't be made in peace"
        return Register(caller, email)

    def _url(self) -> str:
        return random.choice(self.members.all).url

    def __enter__(self) -> "Registers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a request has no end"

    # What a caller does

    def _run(self, register: Register, number: int) -> None:
        # Connections of its own: a caller waits for one answer at a time.
        caller = Caller(**register.caller.headers)
        while not self.stop.is_set():
            # What a server that stood still says when it wakes up has to be true as well, so one of
            # the callers waits for it.
            url = self._url() if number == 0 else self.members.anybody().url
            if random.random() < 0.3:
                self._write(register, caller, url)
            else:
                self._read(register, caller, url)
            time.sleep(PAUSE_SECONDS)

    def _write(self, register: Register, caller: Caller, url: str) -> None:
        with self.lock:
            value = f"+1555{next(register.numbers):07}"
        begin = time.monotonic()
        try:
            answer = caller.send(
                "PATCH", url + "/api/auth/profile", {"phone_e164": value}, ANSWER_SECONDS_MAX
            )
        except requests.RequestException:
            # It may have happened, or may happen yet.
            answer = None
        end = time.monotonic() if answer is not None and answer.status_code == 200 else NEVER
        self._add(register, Operation(True, value, begin, end))
        # Ten minutes after its beginning a session is not enough for this any more.
        if answer is not None and answer.status_code == 403:
            try:
                self._sign_in(register, caller)
            except requests.RequestException:
                pass

    def _sign_in(self, register: Register, caller: Caller) -> bool:
        answer = caller.send(
            "POST",
            self.members.anybody().url + "/api/auth/login",
            {"email": register.email, "password": PASSWORD},
        )
        if answer.status_code != 200:
            return False
        caller.headers["Cookie"] = answer.headers["set-cookie"].split(";")[0]
        caller.session.cookies.clear()
        return True

    def _read(self, register: Register, caller: Caller, url: str) -> None:
        begin = time.monotonic()
        try:
            answer = caller.send("GET", url + "/api/auth/session", None, ANSWER_SECONDS_MAX)
        except requests.RequestException:
            return
        end = time.monotonic()
        if answer.status_code == 200:
            value = answer.json()["user"]["phone_e164"]
            self._add(register, Operation(False, value, begin, end))
        elif answer.status_code == 401:
            self.forgotten.append(register.email)

    def _add(self, register: Register, operation: Operation) -> None:
        with self.lock:
            register.history.append(operation)

    def _end_sessions(self) -> None:
        """Whoever was told that a session is over never finds it alive again."""
        while not self.stop.is_set():
            register = random.choice(self.registers)
            caller = Caller()
            try:
                if not self._sign_in(register, caller):
                    continue
                answer = caller.send("POST", self.members.anybody().url + "/api/auth/logout", {})
                if answer.status_code != 200:
                    continue
                self.ended += 1
                for member in self.members.all:
                    self._check_ended(caller, member.url)
            except requests.RequestException:
                pass
            time.sleep(PAUSE_SECONDS)

    def _check_ended(self, caller: Caller, url: str) -> None:
        try:
            answer = caller.send("GET", url + "/api/auth/session", None, ANSWER_SECONDS_MAX)
        except requests.RequestException:
            return
        if answer.status_code == 200:
            self.revived.append(url)

    # What came of it

    def check(self) -> str:
        """Fails when anything was seen that no order of the calls explains."""
        for register in self.registers:
            reason = violation(register.history)
            assert reason is None, f"{register.email}: {reason}"
        assert not self.revived, f"{len(self.revived)} ended sessions were alive again"
        assert not self.forgotten, f"{len(self.forgotten)} live sessions were refused"
        history = [each for register in self.registers for each in register.history]
        writes = [each for each in history if each.is_write]
        unknown = sum(1 for each in writes if each.end == NEVER)
        return (
            f"{len(history) - len(writes)} reads and {len(writes)} writes ({unknown} without "
            f"an answer) of {len(self.registers)} accounts are linearizable; "
            f"{self.ended} ended sessions stayed ended"
        )
