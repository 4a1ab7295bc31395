#!/usr/bin/env python3
"""Prints what a release is made of, as CycloneDX 1.5: the Swift packages by their pins, the static
libraries by their Debian packages, the toolchain. The same input prints the same bytes.

usage: sbom.py VERSION UNIX-TIME"""

import json
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Linked into the binary from Debian's archives: Sources/C*/module.modulemap.
STATIC_LIBRARIES = ("libcrypt-dev", "libsodium-dev", "zlib1g-dev")
LICENSES = {"libcrypt-dev": "LGPL-2.1-or-later", "libsodium-dev": "ISC", "zlib1g-dev": "Zlib"}


def swift_packages() -> list[dict]:
    """The resolved pins: what Package.swift names, and what these need in turn."""
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    named = (ROOT / "Package.swift").read_text()
    found = []
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        address = pin["location"].removesuffix(".git")
        version = pin["state"].get("version", pin["state"]["revision"])
        purl = f"pkg:swift/{address.removeprefix('https://')}@{version}"
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": pin["identity"],
                "version": version,
                "purl": purl,
                "scope": "required",
                "externalReferences": [{"type": "vcs", "url": address}],
                "properties": [
                    {"name": "git:revision", "value": pin["state"]["revision"]},
                    {"name": "direct", "value": str(address.lower() in named.lower()).lower()},
                ],
            }
        )
    return found


def debian_packages() -> list[dict]:
    found = []
    for name in STATIC_LIBRARIES:
        version = run("dpkg-query", "-W", "-f", "${Version}", name)
        purl = f"pkg:deb/debian/{name}@{version}"
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "purl": purl,
                "licenses": [{"license": {"id": LICENSES[name]}}],
                "description": "linked statically",
            }
        )
    return found


def toolchain() -> dict:
    text = run("swift", "--version")
    version = re.search(r"Swift version (\S+)", text)
    assert version, text
    return {"type": "application", "name": "swift", "version": version.group(1)}


def run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def main() -> None:
    version, seconds = sys.argv[1], int(sys.argv[2])
    components = swift_packages() + debian_packages()
    program = f"pkg:generic/countersign@{version}"
    # A name made from the content: the same release has the same serial number.
    content = json.dumps([version, components], sort_keys=True)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(seconds, timezone.utc).isoformat(),
            "tools": {"components": [toolchain()]},
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": "countersign",
                "version": version,
                "purl": program,
            },
        },
        "components": components,
        "dependencies": [
            {"ref": program, "dependsOn": [component["bom-ref"] for component in components]}
        ],
    }
    print(json.dumps(bill, indent=2))


if __name__ == "__main__":
    main()
