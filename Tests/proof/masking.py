"""What must not be read in the proof: it is learned where it appears and masked where it is
written."""

import json
import re
from functools import cached_property
from typing import Any

# Members of bodies whose values are secrets, for as long as they work.
MEMBERS = {
    "password",
    "current_password",
    "new_password",
    "secret",
    "temp_token",
    "code",
    "backup_code",
    "backup_codes",
    "token",
    "reset_token",
}
# It says nothing to a reader, and is the secret in another form.
PICTURE = "qr_svg"
LENGTH_MIN = 6


class Secrets:
    def __init__(self):
        self._names: dict[str, str] = {}

    def learn(self, name: str, value: str) -> None:
        if len(value) >= LENGTH_MIN and value not in self._names:
            self._names[value] = name
            self.__dict__.pop("_pattern", None)

    def learn_from(self, body: Any) -> None:
        """Takes the secrets out of a body that was sent or has come."""
        if isinstance(body, list):
            for item in body:
                self.learn_from(item)
        elif isinstance(body, dict):
            for name, value in body.items():
                if name in MEMBERS:
                    for one in value if isinstance(value, list) else [value]:
                        if isinstance(one, str):
                            self.learn(name.removesuffix("s"), one)
                else:
                    self.learn_from(value)

    @cached_property
    def _pattern(self) -> re.Pattern:
        longest_first = sorted(self._names, key=len, reverse=True)
        # A code of six digits is no secret within a longer number.
        return re.compile(
            rf"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, longest_first))})(?![0-9A-Za-z])"
        )

    def mask(self, text: str) -> str:
        if not self._names:
            return text
        return self._pattern.sub(lambda found: f"‹{self._names[found[0]]}›", text)

    def found_in(self, text: str) -> set[str]:
        """The names of the secrets that are in the text."""
        if not self._names:
            return set()
        return {self._names[found[0]] for found in self._pattern.finditer(text)}

    def readable(self, body: Any) -> str:
        """A body as it may be shown: indented, without pictures, with its secrets masked."""
        return self.mask(json.dumps(without_pictures(body), indent=2, ensure_ascii=False))

    def __len__(self) -> int:
        return len(self._names)


def without_pictures(body: Any) -> Any:
    if isinstance(body, list):
        return [without_pictures(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        name: f"‹an SVG of {len(value)} characters›"
        if name == PICTURE
        else [f"‹{len(value)} backup codes›"]
        if name == "backup_codes"
        else without_pictures(value)
        for name, value in body.items()
    }
