"""What /metrics says, and whether the dashboard of config/ asks for what is there."""

import json
import re
import threading
from pathlib import Path

from harness import usage_event

DASHBOARD = Path(__file__).resolve().parents[2] / "config" / "grafana-dashboard.json"
NAME = re.compile(r"\b(?:countersign|process)_[a-z0-9_]+")


def samples(client) -> dict[str, float]:
    text = client.request("GET", "/metrics", expect=200).text
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in lines)}


def families(client) -> dict[str, str]:
    text = client.request("GET", "/metrics", expect=200).text
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_every_family_is_announced_once_and_well_formed(server):
    admin = server.admin()
    text = admin.request("GET", "/metrics").text
    names = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    assert len(names) == len(set(names))
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP \S+ \S.*|TYPE \S+ (counter|gauge|histogram))$", line), line
        else:
            assert re.match(r'[a-z_0-9]+(\{([a-z_]+="[^"]*",?)+\})? \S+$', line), line
            base = re.sub(r"_(bucket|sum|count)$", "", re.match(r"[a-z_0-9]+", line).group())
            assert base in names or re.match(r"[a-z_0-9]+", line).group() in names, line


def test_the_dashboard_asks_for_what_is_there(servers):
    server = servers.start(
        env={"COUNTERSIGN_SNAPSHOT_INTERVAL_SECONDS": "1", "COUNTERSIGN_SNAPSHOT_LOG_BYTES": "1024"}
    )
    admin = server.admin()
    while "countersign_snapshot_age_seconds" not in families(admin):
        threading.Event().wait(0.1)
    there = families(admin)
    asked = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            asked |= set(NAME.findall(target["expr"]))
    # Tests/cluster asks a cluster for these.
    asked = {name for name in asked if not name.startswith("countersign_cluster_")}
    assert len(asked) > 30
    for name in asked:
        base = re.sub(r"_bucket$", "", name)
        assert base in there, name
        assert (there[base] == "histogram") == name.endswith("_bucket"), name


def test_the_log_counts_its_commits(server):
    admin = server.admin()
    caller = admin.with_token("usage:write")
    before = samples(admin)
    for _ in range(5):
        caller.post("/api/usage/events", [usage_event(), usage_event()])
    after = samples(admin)

    def grown(name):
        return after[name] - before[name]

    assert grown("countersign_log_commit_records_sum") == 10
    assert grown("countersign_log_commit_records_count") == 5
    assert grown('countersign_log_commit_records_bucket{le="1"}') == 0
    assert grown('countersign_log_commit_records_bucket{le="2"}') == 5
    assert grown("countersign_log_commit_bytes_sum") > 10 * 100
    assert grown("countersign_log_commit_duration_seconds_sum") > 0
    assert grown('countersign_usage_events_total{integration="openai"}') == 10
    assert after["countersign_log_lag_records"] == 0
    assert after["countersign_usage_dedup_keys"] == 10
    assert 0 < after['countersign_usage_ring_fill_ratio{integration="openai"}'] <= 1


def test_hashes_limits_and_the_process_are_there(servers):
    server = servers.start(
        env={
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "1",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_BURST": "1",
        }
    )
    admin = server.admin()
    for _ in range(4):
        admin.request("POST", "/api/auth/login", json={"email": admin.email, "password": "x" * 12})
    values = samples(admin)
    assert values['countersign_rate_limit_refusals_total{class="sign_in"}'] == 3
    assert values["countersign_rate_limit_buckets"] >= 1
    # The one at the start, of no account, is nobody's.
    assert values["countersign_password_hash_wait_seconds_count"] == 2
    assert values['countersign_password_hashes_total{outcome="done"}'] == 2
    assert values["process_resident_memory_bytes"] > 1 << 20
    assert values["process_cpu_seconds_total"] > 0
    assert 3 < values["process_open_fds"] <= values["process_max_fds"]
    assert values["countersign_http_connections_open"] >= 1


def test_the_gateways_overhead_is_measured(gateway):
    def count():
        return samples(gateway.admin)["countersign_gateway_overhead_seconds_count"]

    before = count()
    answer = gateway.call("GET", "openai", "/v1/models")
    assert answer.status_code == 200 and int(answer.headers["x-gateway-overhead-us"]) > 0
    assert count() == before + 1
