"""`backup` and `restore`: what was acknowledged before the backup began is in it, whatever the
server does meanwhile, and nothing is ever overwritten."""

import hashlib
import json
import subprocess
import tarfile
import threading

import pytest

from harness import fresh_email, run_program, usage_event
from harness.damage import every_byte, flip, frames, tear

WHOLE, REFUSED, CORRUPT, LOCKED = 0, 1, 65, 73


def restore(server, file, target):
    return run_program(
        "restore",
        "--from",
        str(file),
        "--data-dir",
        str(target),
        env={"APP_ENC_KEY": server.key},
        cwd=server.home,
    )


def emails(server) -> set[str]:
    rows = json.loads(server.command("users", "list", "--json").stdout)["users"]
    return {row["email"] for row in rows}


def counts(server, caller) -> dict[str, int]:
    rows = caller.on(server.url).get("/api/integrations/status")["integrations"]
    return {row["id"]: row["reported_count_24h"] for row in rows}


@pytest.fixture
def filled(servers):
    """A running server with accounts, a second factor, a token and events."""
    server = servers.start()
    server.owner = server.admin()
    server.authenticator, _ = server.owner.enroll()
    server.caller = server.owner.with_token("usage:write", "status:read")
    server.caller.post("/api/usage/events", [usage_event() for _ in range(100)])
    server.client().register(fresh_email())
    return server


def test_a_backup_beside_a_running_server(filled, servers, tmp_path):
    file = tmp_path / "backup.tar"
    before, counted = emails(filled), counts(filled, filled.caller)
    result = filled.command("backup", "--to", str(file), "--json")
    assert result.returncode == WHOLE, result.stderr
    answer = json.loads(result.stdout)
    assert answer["online"] and answer["bytes"] == file.stat().st_size
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    # What comes afterwards is not in it.
    filled.client().register(fresh_email())
    filled.kill()

    target = tmp_path / "restored"
    result = restore(filled, file, target)
    assert result.returncode == WHOLE, result.stderr
    assert "APP_ENC_KEY opens it" in result.stdout
    other = servers.make(data=target, key=filled.key)
    assert other.command("verify").returncode == WHOLE
    other.start()
    assert emails(other) == before
    assert counts(other, filled.caller) == counted
    client = filled.owner.on(other.url)
    client.verify(client.challenge(), code=filled.authenticator.code())
    # It is a full directory: it takes writes, stops and starts.
    filled.caller.on(other.url).post("/api/usage/events", [usage_event()])
    assert other.stop() == 0
    other.start()


def test_everything_acknowledged_under_load_is_in_the_backup(filled, servers, tmp_path):
    acknowledged: list[str] = []
    stop = threading.Event()

    def register():
        while not stop.is_set():
            email = fresh_email()
            filled.client().register(email)
            acknowledged.append(email)

    def ingest():
        while not stop.is_set():
            filled.caller.post("/api/usage/events", [usage_event() for _ in range(50)])

    threads = [threading.Thread(target=work) for work in (register, register, ingest)]
    for thread in threads:
        thread.start()
    files = []
    try:
        for number in range(4):
            before = list(acknowledged)
            file = tmp_path / f"{number}.tar"
            result = filled.command("backup", "--to", str(file))
            assert result.returncode == WHOLE, result.stderr
            files.append((file, before))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for number, (file, before) in enumerate(files):
        target = tmp_path / f"restored-{number}"
        assert restore(filled, file, target).returncode == WHOLE
        kept = emails(servers.make(data=target, key=filled.key))
        assert set(before) <= kept


def test_a_backup_of_a_stopped_server(filled, servers, tmp_path):
    known = emails(filled)
    filled.kill()
    tear(filled.data)
    before = every_byte(filled.data)
    file = tmp_path / "backup.tar"
    filled_key, filled.key = filled.key, ""
    result = filled.command("backup", "--to", str(file))
    assert result.returncode == WHOLE, result.stderr
    assert every_byte(filled.data) == before
    filled.key = filled_key
    assert restore(filled, file, tmp_path / "restored").returncode == WHOLE
    other = servers.make(data=tmp_path / "restored", key=filled.key).start()
    assert emails(other) == known
    assert "torn" not in "".join(path.name for path in other.data.iterdir())


def test_tar_and_sha256sum_understand_it(filled, tmp_path):
    file = tmp_path / "backup.tar"
    assert filled.command("backup", "--to", str(file)).returncode == WHOLE
    with tarfile.open(file) as archive:
        names = archive.getnames()
        content = {name: archive.extractfile(name).read() for name in names}
    assert names[0] == "BACKUP" and names[-1] == "SHA256SUMS" and "manifest" in names
    for line in content["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(content[name]).hexdigest() == digest
    listed = subprocess.run(["tar", "tf", str(file)], capture_output=True, text=True, check=True)
    assert listed.stdout.split() == names


def test_a_directory_gets_a_file_named_by_the_time(filled, tmp_path):
    for _ in range(2):
        assert filled.command("backup", "--to", str(tmp_path)).returncode == WHOLE
    files = sorted(tmp_path.glob("countersign-*.tar"))
    assert len(files) == 2
    assert not list(tmp_path.glob("*.partial"))
    for file in files:
        assert run_program("verify", "--backup", str(file)).returncode == WHOLE


def test_a_damaged_backup_is_refused_and_nothing_is_restored(filled, tmp_path):
    file = tmp_path / "backup.tar"
    assert filled.command("backup", "--to", str(file)).returncode == WHOLE
    whole = file.read_bytes()
    for position in (100, 700, len(whole) // 2, len(whole) - 2000):
        flip(file, position)
        assert run_program("verify", "--backup", str(file)).returncode == CORRUPT, position
        result = restore(filled, file, tmp_path / "restored")
        assert result.returncode == CORRUPT and "backup.tar" in result.stderr
        assert not (tmp_path / "restored").exists()
        file.write_bytes(whole)
    for size in (0, 100, 512, len(whole) // 2, len(whole) - 1600):
        file.write_bytes(whole[:size])
        assert restore(filled, file, tmp_path / "restored").returncode == CORRUPT, size
    assert not (tmp_path / "restored").exists()


def test_nothing_is_overwritten(filled, tmp_path):
    file = tmp_path / "backup.tar"
    assert filled.command("backup", "--to", str(file)).returncode == WHOLE
    before = file.read_bytes()
    assert filled.command("backup", "--to", str(file)).returncode == REFUSED
    assert file.read_bytes() == before
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("mine")
    assert restore(filled, file, taken).returncode == REFUSED
    assert [path.name for path in taken.iterdir()] == ["file"]
    # Not over the running server's own directory either.
    assert restore(filled, file, filled.data).returncode == REFUSED


def test_a_damaged_directory_is_not_backed_up(filled, tmp_path):
    filled.kill()
    batch = frames(filled.data)[2]
    flip(batch.path, batch.offset + 80)
    result = filled.command("backup", "--to", str(tmp_path / "backup.tar"))
    assert result.returncode == CORRUPT
    assert not list(tmp_path.glob("backup*"))


def test_a_restore_says_when_the_key_is_another(filled, tmp_path):
    file = tmp_path / "backup.tar"
    assert filled.command("backup", "--to", str(file)).returncode == WHOLE
    filled.key = "11" * 16 + "22" * 16
    result = restore(filled, file, tmp_path / "restored")
    assert result.returncode == WHOLE and "NOT the key" in result.stdout


def test_a_server_that_does_not_answer_is_named(filled, tmp_path):
    (filled.data / "control.sock").unlink()
    result = filled.command("backup", "--to", str(tmp_path / "backup.tar"))
    assert result.returncode == LOCKED
    assert str(filled.process.pid) in result.stderr
