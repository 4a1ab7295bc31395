"""The release: packed twice it is the same file, and unpacked into an empty folder it runs."""

import json
import subprocess

import pytest
import requests

from harness import REPOSITORY, Server
from harness.program import BINARY

BASE_LIBRARIES = ("linux-vdso", "ld-linux", "libc.so", "libm.so", "libgcc_s", "libstdc++")
EXPOSURE_MAX = 1.5


def packed(folder):
    subprocess.run(
        [REPOSITORY / "scripts" / "release.sh", "--binary", BINARY, "--out", folder],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (archive,) = folder.glob("countersign-*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return packed(tmp_path_factory.mktemp("release"))


@pytest.fixture
def unpacked(archive, tmp_path):
    subprocess.run(["tar", "xzf", archive, "-C", tmp_path], check=True)
    (folder,) = tmp_path.iterdir()
    return folder


def test_packed_twice_it_is_the_same_file(archive, tmp_path):
    assert packed(tmp_path / "again").read_bytes() == archive.read_bytes()
    done = subprocess.run(
        ["sha256sum", "--check", f"{archive.name}.sha256"], cwd=archive.parent, check=False
    )
    assert done.returncode == 0


def test_unpacked_into_an_empty_folder_it_runs(unpacked, tmp_path):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=unpacked, capture_output=True
    )
    assert done.returncode == 0, done.stdout
    libraries = subprocess.run(
        ["ldd", unpacked / "countersign"], check=True, capture_output=True, text=True
    ).stdout
    for line in libraries.splitlines():
        assert any(name in line for name in BASE_LIBRARIES), f"not on every Debian: {line}"
    server = Server(tmp_path / "home", args=("--config", str(unpacked / "config/countersign.yaml")))
    server.binary = unpacked / "countersign"
    server.start()
    try:
        assert requests.get(f"{server.url}/health", timeout=10).json()["status"] == "ok"
        assert server.admin().signed_in()
        assert "<html" in requests.get(server.url, timeout=10).text
        assert server.stop() == 0
    finally:
        server.kill()


def test_the_bill_of_materials_names_everything_that_is_linked(unpacked):
    bill = json.loads((unpacked / "sbom.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in bill["components"]}
    pins = json.loads((REPOSITORY / "Package.resolved").read_text())["pins"]
    assert names >= {pin["identity"] for pin in pins} | {"libsodium-dev", "zlib1g-dev"}
    for component in bill["components"]:
        assert component["version"] and component["purl"].startswith("pkg:")


def test_the_unit_of_systemd_exposes_little(unpacked):
    command = ["systemd-analyze", "security", "--offline=true", "--json=short", "--no-pager"]
    command.append(str(unpacked / "config" / "countersign.service"))
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no systemd here")
    if done.returncode != 0 and "Unknown" in done.stderr:
        pytest.skip("this systemd can't look at files")
    rows = json.loads(done.stdout)
    exposure = sum(float(row["exposure"] or 0) for row in rows if row["set"] is False)
    assert exposure <= EXPOSURE_MAX, [row["name"] for row in rows if row["set"] is False]
