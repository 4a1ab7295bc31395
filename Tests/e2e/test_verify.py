"""`verify`: every byte is read, none is changed, and damage is named with file, offset and fix."""

import json
import shutil

import pytest

from harness import fresh_email, usage_event
from harness.damage import BATCH, every_byte, flip, frames, tear

WHOLE, CORRUPT, LOCKED = 0, 65, 73


@pytest.fixture
def stopped(servers):
    """A directory with a bit of everything in it: accounts, tokens, events and two snapshots."""
    server = servers.start()
    client = server.admin()
    client.enroll()
    client.with_token("usage:write").post("/api/usage/events", [usage_event() for _ in range(50)])
    assert server.stop() == 0
    server.start().client().register(fresh_email())
    assert server.stop() == 0
    return server


def test_a_whole_directory_is_told_in_a_table_and_a_line(stopped):
    before = every_byte(stopped.data)
    result = stopped.command("verify")
    assert result.returncode == WHOLE, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["FILE", "WHAT", "HOLDS", "BYTES", "VERDICT"]
    assert lines[-1].startswith("whole: ")
    for path in stopped.data.iterdir():
        assert any(line.startswith(path.name) for line in lines), path.name
    assert every_byte(stopped.data) == before, "verify has changed the directory"


def test_no_key_is_needed_and_the_answer_is_json_on_request(stopped):
    stopped.key = ""
    report = json.loads(stopped.command("verify", "--json").stdout)
    assert report["whole"] and report["findings"] == []
    assert report["frames"] == len(frames(stopped.data))
    assert report["newest_frame"] == frames(stopped.data)[-1].number
    assert report["records"] > 0
    snapshots = [file for file in report["files"] if file["what"] == "snapshot"]
    assert len(snapshots) == 2 and all(file["verdict"] == "whole" for file in snapshots)


def test_a_running_server_is_left_alone_and_named(server):
    server.admin()
    before = (server.data / "lock").read_bytes()
    result = server.command("verify")
    assert result.returncode == LOCKED
    assert str(server.process.pid) in result.stderr
    assert "backup" in result.stderr
    assert (server.data / "lock").read_bytes() == before
    assert server.client().get("/health")


def test_every_kind_of_damage_is_named_with_its_place(stopped, tmp_path):
    whole = tmp_path / "whole"
    shutil.copytree(stopped.data, whole)
    batches = [frame for frame in frames(whole) if frame.kind == BATCH]
    snapshot = min(whole.glob("*.snap"))
    places = [
        (batches[0].path.name, batches[0].offset + 30, batches[0].offset),
        (batches[2].path.name, batches[2].offset + 100, batches[2].offset),
        (batches[-1].path.name, batches[-1].offset + batches[-1].length - 1, batches[-1].offset),
        (batches[0].path.name, 40, 0),
        (snapshot.name, 20, 0),
        (snapshot.name, snapshot.stat().st_size // 2, None),
        (snapshot.name, snapshot.stat().st_size - 40, None),
        ("manifest", 30, 0),
    ]
    for name, position, offset in places:
        shutil.rmtree(stopped.data)
        shutil.copytree(whole, stopped.data)
        flip(stopped.data / name, position)
        before = every_byte(stopped.data)
        result = stopped.command("verify")
        assert result.returncode == CORRUPT, (name, position, result.stdout)
        assert name in result.stderr and "offset" in result.stderr
        assert "restore" in result.stderr or "snapshots" in result.stderr
        if offset is not None:
            assert f"offset {offset}:" in result.stderr, result.stderr
        assert "NOT WHOLE" in result.stdout
        assert every_byte(stopped.data) == before


def test_everything_is_read_behind_the_first_damage(stopped):
    batches = [frame for frame in frames(stopped.data) if frame.kind == BATCH]
    flip(batches[1].path, batches[1].offset + 100)
    for path in stopped.data.glob("*.snap"):
        flip(path, path.stat().st_size // 2)
    report = json.loads(stopped.command("verify", "--json").stdout)
    assert len(report["findings"]) == 3
    assert all(finding["suggested_fix"] for finding in report["findings"])


@pytest.mark.parametrize("gone", ["manifest", "wal"])
def test_a_missing_file_is_noticed(stopped, gone):
    for path in stopped.data.glob(f"{gone}*"):
        path.unlink()
    result = stopped.command("verify")
    assert result.returncode == CORRUPT
    assert "missing" in result.stderr


def test_an_unfinished_write_is_no_damage(servers):
    server = servers.start()
    caller = server.admin().with_token("usage:write")
    caller.post("/api/usage/events", [usage_event() for _ in range(50)])
    server.kill()
    tear(server.data)
    result = server.command("verify")
    assert result.returncode == WHOLE, result.stderr
    assert "unfinished write" in result.stdout
    server.start()


def test_a_directory_that_is_not_there_is_an_error_of_the_disk(stopped):
    shutil.rmtree(stopped.data)
    assert stopped.command("verify").returncode == 74
