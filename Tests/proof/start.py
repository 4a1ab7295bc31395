"""Row U2: a server that has no key, or the wrong one, does not start."""

import base64
import os

from harness import directory_hash, run_program

from .ledger import shows
from .pages import Section
from .world import PASSWORD, Proof

CONFIGURATION = 78
ARGUMENTS = ("serve", "--port", "0", "--data-dir", "data")


@shows("U2", "construction", "starts that are refused")
def refused_starts(proof: Proof, section: Section) -> str:
    """The release binary is started without a key, with two that are none, and with another one
    than the directory was made with; then with the right one."""
    home = proof.folder("keys")

    def refused(key: str | None, shown: str) -> str:
        env = {} if key is None else {"APP_ENC_KEY": key}
        done = run_program(*ARGUMENTS, env=env, cwd=home)
        said = (done.stdout + done.stderr).strip()
        setting = "" if key is None else f"APP_ENC_KEY={shown} "
        section.code(
            f"$ {setting}countersign {' '.join(ARGUMENTS)}\n"
            f"{proof.secrets.mask(said)}\n$ echo $?\n{done.returncode}"
        )
        assert done.returncode == CONFIGURATION, f"it ended with {done.returncode}"
        assert "APP_ENC_KEY" in said and "listening" not in said, said
        return said

    texts = [refused(None, ""), refused("''", "''"), refused("secret", "secret")]
    assert all("countersign keygen" in text for text in texts), "no fix is named"
    assert not (home / "data").exists(), "a refused start has made the data directory"

    server = proof.start(data=home / "data")
    caller = proof.person(section, "u2@example.com", server)
    authenticator, _ = caller.enrol(quiet=True)
    assert server.stop() == 0
    before = directory_hash(server.data)
    other = base64.b64encode(os.urandom(32)).decode()
    proof.secrets.learn("another key", other)
    section.say("The directory of a server that was started with a right key, with another one:")
    said = refused(other, "‹another key›")
    assert "APP_ENC_KEY_PREVIOUS" in said, "no fix is named"
    assert directory_hash(server.data) == before, "the refused start has changed a file"
    server.start()
    again = proof.caller(section, server)
    temp_token = again.login("u2@example.com", PASSWORD, quiet=True).json["temp_token"]
    body = {"temp_token": temp_token, "code": authenticator.code()}
    assert again("POST", "/api/auth/2fa/verify", body, session="", quiet=True).session
    return (
        f"{len(texts) + 1} of {len(texts) + 1} end with {CONFIGURATION} and name the fix; no file "
        "is made or changed; with the right key the second factor works as before"
    )
