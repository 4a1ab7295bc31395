"""`doctor`: plain words about everything a start depends on, and a salvage that says beforehand
what it loses."""

import base64
import json
import os
import shutil

import pytest

from harness import Refused, fresh_email, usage_event
from harness.damage import BATCH, every_byte, flip, frames, tear

CORRUPT, LOCKED, INPUT_OUTPUT, CONFIGURATION = 65, 73, 74, 78


@pytest.fixture
def stopped(servers):
    """Killed, so that no snapshot was written at the end and the log has everything."""
    server = servers.start()
    client = server.admin()
    caller = client.with_token("usage:write")
    for _ in range(5):
        caller.post("/api/usage/events", [usage_event() for _ in range(20)])
        client.register(fresh_email())
    server.kill()
    return server


def accounts(server) -> set[str]:
    rows = json.loads(server.command("users", "list", "--json").stdout)["users"]
    return {row["email"] for row in rows}


def test_a_healthy_directory(stopped):
    before = every_byte(stopped.data)
    result = stopped.command("doctor")
    assert result.returncode == 0, result.stdout
    assert "PROBLEM" not in result.stdout
    assert "APP_ENC_KEY opens the data keys" in result.stdout
    assert "A start succeeds." in result.stdout
    assert every_byte(stopped.data) == before


def test_a_directory_that_is_not_there_is_made_by_a_start(stopped):
    shutil.rmtree(stopped.data)
    result = stopped.command("doctor")
    assert result.returncode == 0
    assert "does not exist" in result.stdout


def test_a_running_server_is_named(server):
    result = server.command("doctor")
    assert result.returncode == LOCKED
    assert str(server.process.pid) in result.stdout
    assert "backup" in result.stdout


@pytest.mark.parametrize("key", ["missing", "other", "malformed"])
def test_a_key_that_does_not_fit(stopped, key):
    right = stopped.key
    stopped.key = {
        "missing": "",
        "other": base64.b64encode(os.urandom(32)).decode(),
        "malformed": "short",
    }[key]
    result = stopped.command("doctor")
    assert result.returncode == CONFIGURATION
    assert "APP_ENC_KEY" in result.stdout and right not in result.stdout
    # The rest is looked at all the same.
    assert "frames are whole" in result.stdout


def test_a_broken_configuration_does_not_hide_the_data(stopped):
    stopped.env["COUNTERSIGN_PORT"] = "no number"
    result = stopped.command("doctor")
    assert result.returncode == CONFIGURATION
    assert "port" in result.stdout and "frames are whole" in result.stdout


def test_an_unfinished_write_is_healed_by_a_start(stopped):
    tear(stopped.data)
    result = stopped.command("doctor")
    assert result.returncode == 0, result.stdout
    assert (
        "never acknowledged" in result.stdout and "cuts the unfinished write off" in result.stdout
    )
    stopped.start()


def test_rot_is_told_with_what_is_before_and_behind_it(stopped):
    batches = [frame for frame in frames(stopped.data) if frame.kind == BATCH]
    rotten = batches[len(batches) // 2]
    flip(rotten.path, rotten.offset + 100)
    before = every_byte(stopped.data)
    result = stopped.command("doctor", "--json")
    assert result.returncode == CORRUPT
    answer = json.loads(result.stdout)
    text = next(one["text"] for one in answer["findings"] if one["topic"] == "log")
    assert f"offset {rotten.offset}" in text
    assert f"up to frame {rotten.number - 1} is whole" in text
    assert f"frames {rotten.number + 1} to" in text and "registered" in text
    assert answer["exit_code"] == CORRUPT and "refused" in answer["start"]
    assert every_byte(stopped.data) == before


def test_a_start_ends_as_the_doctor_says(stopped):
    batches = [frame for frame in frames(stopped.data) if frame.kind == BATCH]
    flip(batches[3].path, batches[3].offset + 100)
    said = stopped.command("doctor").returncode
    with pytest.raises(Refused) as refusal:
        stopped.start()
    assert refusal.value.exit_code == said == CORRUPT


def test_a_missing_manifest(stopped):
    (stopped.data / "manifest").unlink()
    result = stopped.command("doctor")
    assert result.returncode == CORRUPT
    assert "wrapped data keys" in result.stdout


# Salvage


def test_salvage_says_what_is_lost_and_waits_for_yes(stopped, tmp_path):
    known = accounts(stopped)
    batches = [frame for frame in frames(stopped.data) if frame.kind == BATCH]
    rotten = batches[-4]
    flip(rotten.path, rotten.offset + 100)
    before = every_byte(stopped.data)
    new = tmp_path / "salvaged"
    result = stopped.command("doctor", "--salvage", "--to", str(new))
    assert result.returncode == 0, result.stderr
    assert f"to frame {rotten.number - 1}" in result.stdout
    assert "1 frame that can't be read at all" in result.stdout
    assert "that can be read and not be proven" in result.stdout
    assert "Nothing has been written" in result.stdout
    assert not new.exists()

    result = stopped.command("doctor", "--salvage", "--to", str(new), "--yes")
    assert result.returncode == 0, result.stderr
    assert every_byte(stopped.data) == before, "the damaged directory has changed"
    stopped.data = new
    assert stopped.command("verify").returncode == 0
    stopped.start()
    kept = accounts(stopped)
    assert kept < known and "admin@example.com" in kept
    client = stopped.client()
    client.login("admin@example.com")
    assert client.signed_in()


def test_salvage_goes_on_from_a_snapshot_behind_the_damage(servers, tmp_path):
    server = servers.start()
    client = server.admin()
    for _ in range(3):
        client.register(fresh_email())
    assert server.stop() == 0
    server.start()
    client.on(server.url).register(fresh_email())
    known = accounts(server)
    server.kill()
    early = [frame for frame in frames(server.data) if frame.kind == BATCH][1]
    flip(early.path, early.offset + 100)
    assert server.command("verify").returncode == CORRUPT
    new = tmp_path / "salvaged"
    result = server.command("doctor", "--salvage", "--to", str(new), "--yes")
    assert result.returncode == 0, result.stderr + result.stdout
    assert "the snapshot of frame" in result.stdout
    assert "Lost: nothing that was acknowledged." in result.stdout
    server.data = new
    server.start()
    assert accounts(server) == known
    assert server.stop() == 0
    assert server.command("verify").returncode == 0


def test_a_whole_directory_is_not_salvaged(stopped, tmp_path):
    result = stopped.command("doctor", "--salvage", "--to", str(tmp_path / "new"), "--yes")
    assert result.returncode == 1
    assert "nothing to salvage" in result.stderr


def test_salvage_overwrites_nothing(stopped, tmp_path):
    batches = [frame for frame in frames(stopped.data) if frame.kind == BATCH]
    flip(batches[3].path, batches[3].offset + 100)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    result = stopped.command("doctor", "--salvage", "--to", str(tmp_path / "taken"), "--yes")
    assert result.returncode != 0
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["file"]
