"""What `countersign doctor` says of a cluster, and of one with something wrong in it."""

import json
import subprocess
import time

import pytest
from harness import Engine
from harness.servers import COUNTERSIGN, Members


def doctor(member, engine=None, **environment) -> tuple[int, list[dict]]:
    arguments = ["doctor", "--json", "--data-dir", str(member.home / "data")]
    if engine:
        arguments += ["--monitor", ",".join(f"http://127.0.0.1:{n.monitor}" for n in engine.nodes)]
    ended = subprocess.run(
        [str(COUNTERSIGN), *arguments], cwd=member.home, capture_output=True, text=True,
        env={**member.environment, "COUNTERSIGN_PORT": str(member.port), **environment},
        timeout=120, check=False,
    )
    answer = json.loads(ended.stdout)
    assert answer["exit_code"] == ended.returncode
    return ended.returncode, answer["findings"]


def wrong(findings: list[dict]) -> list[str]:
    return [f"{each['topic']}: {each['text']}" for each in findings if each["level"] != "ok"]


@pytest.fixture
def members(engine, tmp_path):
    made = Members(tmp_path / "servers", engine.urls)
    yield made
    made.end()


def test_a_cluster_from_its_beginning_to_its_end(engine, members):
    member = members.all[0]
    code, findings = doctor(member, engine)
    assert code == 0
    assert any("nobody has founded" in text for text in wrong(findings)), findings
    members.start()

    deadline = time.monotonic() + 60
    while wrong(doctor(member, engine)[1]):
        assert time.monotonic() < deadline, wrong(doctor(member, engine)[1])
        time.sleep(1)
    code, findings = doctor(member, engine)
    texts = [finding["text"] for finding in findings]
    assert sum("NATS 2.1" in text for text in texts) == 3
    assert sum("syncs every write" in text for text in texts) == 3
    assert any("all 33 are kept in 3 copies" in text for text in texts), texts
    assert any("opens the data keys" in text for text in texts)
    assert any("--monitor" in finding.get("fix", "") for finding in doctor(member)[1])

    # Another key, another name.
    code, findings = doctor(member, APP_ENC_KEY="1" * 63 + "2")
    assert code == 78 and any("does not open" in text for text in wrong(findings))
    code, findings = doctor(member, COUNTERSIGN_CLUSTER_NAME="other")
    assert code == 78 and any('and not of "other"' in text for text in wrong(findings))

    engine.nodes[2].kill()
    time.sleep(3)
    code, findings = doctor(member, engine)
    assert code == 0
    found = wrong(findings)
    assert any("does not answer" in text for text in found), found
    assert any("n2 is away" in text or "n2 is behind" in text for text in found), found
    for node in engine.nodes:
        node.kill()
    code, findings = doctor(member)
    assert code == 69 and all(text.startswith("NATS: ") for text in wrong(findings)), findings


def test_an_engine_that_does_not_sync(tmp_path):
    engine = Engine(tmp_path / "engine")
    node = engine.nodes[1]
    node.config.write_text(node.config.read_text().replace(", sync_interval: always", ""))
    members = Members(tmp_path / "servers", engine.urls)
    try:
        engine.start()
        _, findings = doctor(members.all[0], engine)
    finally:
        engine.end()
    synced = [f["level"] for f in findings if f["topic"] == "synced writes"]
    assert sorted(synced) == ["note", "ok", "ok"]
