"""Configuration: flags over environment over file over defaults; mistakes name their fix."""

import json

import pytest

from harness import Refused, run_program

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
CONFIGURATION = 78


def check(tmp_path, *arguments, **env):
    return run_program("check-config", *arguments, env={"APP_ENC_KEY": KEY, **env}, cwd=tmp_path)


def test_the_effective_value_of_every_key_is_shown_with_its_source(tmp_path):
    (tmp_path / "c.yaml").write_text("port: 8081\nhost: 127.0.0.1\nauth:\n  step_up_seconds: 60\n")
    shown = check(
        tmp_path, "--config", "c.yaml", "--port", "8083", COUNTERSIGN_AUTH_SETUP_SECONDS="61"
    )
    assert shown.returncode == 0, shown.stderr
    lines = {
        line.split()[0].rstrip(":="): line for line in shown.stdout.splitlines() if line.split()
    }
    assert "8083" in lines["port"] and "flag" in lines["port"].lower()
    assert "60" in lines["auth.step_up_seconds"] and "c.yaml" in lines["auth.step_up_seconds"]
    assert "61" in lines["auth.setup_seconds"]
    assert "COUNTERSIGN_AUTH_SETUP_SECONDS" in lines["auth.setup_seconds"]
    assert "default" in lines["auth.session_idle_seconds"]
    assert KEY not in shown.stdout + shown.stderr


def test_the_environment_is_over_the_file_and_flags_are_over_both(tmp_path):
    (tmp_path / "c.yaml").write_text("port: 8081\n")
    by_file = check(tmp_path, "--config", "c.yaml").stdout
    by_environment = check(tmp_path, "--config", "c.yaml", COUNTERSIGN_PORT="8082").stdout
    by_flag = check(
        tmp_path, "--config", "c.yaml", "--port", "8083", COUNTERSIGN_PORT="8082"
    ).stdout
    for text, port in [(by_file, "8081"), (by_environment, "8082"), (by_flag, "8083")]:
        assert [line for line in text.splitlines() if line.startswith("port") and port in line]


@pytest.mark.parametrize(
    "yaml, words",
    [
        ("prot: 8080\n", ["prot"]),
        ("auth:\n  step_up_second: 60\n", ["auth.step_up_second"]),
        ("port: many\n", ["port", "many"]),
        ("port: 70000\n", ["port", "65535"]),
        ("auth:\n  session_idle_seconds: -1\n", ["auth.session_idle_seconds"]),
        ("registration: sometimes\n", ["registration", "open", "closed"]),
        ("port: [8080\n", ["c.yaml"]),
        ("port: 1\nport: 2\n", ["port"]),
    ],
)
def test_a_mistake_in_the_file_names_the_key_and_the_fix(servers, tmp_path, yaml, words):
    file = tmp_path / "c.yaml"
    file.write_text(yaml)
    checked = check(tmp_path, "--config", str(file))
    assert checked.returncode == CONFIGURATION
    for word in words:
        assert word in checked.stdout + checked.stderr
    server = servers.make(args=("--config", str(file)))
    with pytest.raises(Refused) as refusal:
        # `--port 0` of the test itself would hide a bad port of the file.
        server.start()
        server.kill()
        raise Refused(CONFIGURATION, "hidden by a flag") if "port" in yaml else AssertionError(yaml)
    assert refusal.value.exit_code == CONFIGURATION
    assert not server.data.exists() or "port" in yaml


@pytest.mark.parametrize(
    "name, value",
    [
        ("COUNTERSIGN_PROT", "8080"),
        ("COUNTERSIGN_AUTH_STEP_UP_SECONDS", "soon"),
        ("COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA", "0"),
        ("COUNTERSIGN_LOG_SEGMENT_BYTES", "12"),
        ("COUNTERSIGN_TRUSTED_PROXIES", "everybody"),
    ],
)
def test_a_mistake_in_the_environment_is_refused(servers, name, value):
    with pytest.raises(Refused) as refusal:
        servers.start(env={name: value})
    assert refusal.value.exit_code == CONFIGURATION and name in refusal.value.output


@pytest.mark.parametrize(
    "arguments", [["--prot", "1"], ["--port", "x"], ["--config", "missing.yaml"]]
)
def test_a_mistake_in_a_flag_is_refused(tmp_path, arguments):
    refused = run_program("serve", *arguments, env={"APP_ENC_KEY": KEY}, cwd=tmp_path)
    assert refused.returncode in {64, CONFIGURATION} and refused.stderr
    assert not (tmp_path / "data").exists()


def test_without_a_key_the_server_does_not_start_and_says_how_to_get_one(tmp_path):
    refused = run_program("serve", "--port", "0", cwd=tmp_path)
    assert refused.returncode == CONFIGURATION
    assert "APP_ENC_KEY" in refused.stderr and "keygen" in refused.stderr


def test_keygen_makes_a_key_that_the_server_takes(servers):
    keys = {run_program("keygen").stdout.strip() for _ in range(3)}
    assert len(keys) == 3
    server = servers.start(key=keys.pop())
    assert server.stop() == 0
    # Hexadecimal is the same key in other clothes.
    import base64

    server.key = base64.b64decode(server.key).hex()
    server.start()


def test_a_public_address_without_tls_is_refused_unless_a_proxy_stands_in_front(servers):
    with pytest.raises(Refused) as refusal:
        servers.start(args=("--host", "0.0.0.0"))
    assert refusal.value.exit_code == CONFIGURATION
    assert "tls" in refusal.value.output.lower() and "proxy" in refusal.value.output.lower()
    server = servers.start(args=("--host", "0.0.0.0"), env={"COUNTERSIGN_BEHIND_TLS_PROXY": "true"})
    # Away from loopback, strangers must not become the admin of a fresh server.
    server.url = f"http://127.0.0.1:{server.port}"
    refused = server.client().post(
        "/api/auth/register",
        {"email": "first@example.com", "password": "a good long password"},
        expect=403,
    )
    assert refused["error_code"] == "registration_closed"


def test_a_port_in_use_is_said_plainly(server, servers):
    rival = servers.make()
    refused = run_program(
        "serve",
        "--port",
        str(server.port),
        "--data-dir",
        str(rival.data),
        env={"APP_ENC_KEY": KEY},
        cwd=rival.home,
    )
    assert refused.returncode not in {0, -6, -11} and str(server.port) in refused.stderr


def test_version_and_openapi_are_printed(tmp_path):
    version = run_program("version")
    assert version.returncode == 0 and version.stdout.strip()
    document = json.loads(run_program("openapi").stdout)
    assert "/api/auth/login" in document["paths"]


def test_the_sample_file_is_complete_and_holds_the_defaults(tmp_path):
    from harness import REPOSITORY

    sample = REPOSITORY / "config" / "countersign.yaml"
    with_sample = check(tmp_path, "--config", str(sample))
    assert with_sample.returncode == 0, with_sample.stderr
    values = [line.rsplit(" ", 1)[0] for line in with_sample.stdout.splitlines()]
    assert len(values) > 10
