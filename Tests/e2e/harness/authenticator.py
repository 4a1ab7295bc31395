"""A real authenticator: oathtool, and the bookkeeping that saves waiting for the next code."""

import subprocess
import time

STEP_SECONDS = 30
# The server takes the steps before, at and after now.
WINDOW_STEPS = 1
# The step before now is used only while so much of the current one is left, for the request must
# arrive within it.
MARGIN_SECONDS = 4


class Authenticator:
    """Gives codes of ever newer steps, so three are to be had at once without waiting."""

    def __init__(self, secret: str):
        self.secret = secret
        self.last_step = -1

    def code(self) -> str:
        """The next code that a server accepts which has seen all the ones before."""
        while True:
            now = time.time()
            current = int(now) // STEP_SECONDS
            left = (current + 1) * STEP_SECONDS - now
            earliest = current - WINDOW_STEPS if left > MARGIN_SECONDS else current
            step = max(earliest, self.last_step + 1)
            if step <= current + WINDOW_STEPS:
                self.last_step = step
                return self.code_at(step)
            time.sleep(min(left, (step - WINDOW_STEPS) * STEP_SECONDS - now) + 0.01)

    def code_at(self, step: int) -> str:
        return subprocess.run(
            ["oathtool", "--totp", "--base32", "--now", f"@{step * STEP_SECONDS}", self.secret],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def wrong_code(self) -> str:
        """Six digits that are no code of any step near now."""
        current = int(time.time()) // STEP_SECONDS
        near = {self.code_at(step) for step in range(current - 3, current + 5)}
        return next(code for code in (f"{n:06d}" for n in range(10)) if code not in near)
