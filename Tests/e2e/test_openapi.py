"""Requests made up from /openapi.json, good ones and bad ones: each answer is one that the document
promises, of the type and the shape that it promises, and none is a failure of the server's."""

import json
import os
import re
import subprocess
import sys

from harness import PASSWORD, REPOSITORY

# `make test` takes a bounded look; more is OPENAPI_EXAMPLES=500.
EXAMPLES = os.environ.get("OPENAPI_EXAMPLES", "8")
SECONDS_MAX = int(os.environ.get("OPENAPI_SECONDS", "120"))
# Not `positive_data_acceptance`: some rules are none of JSON Schema's, such as that a password is
# not among the most common ones, or that one of two members is there.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
# Calls of providers answer what these answer; the others would lock the one account out.
EXCLUDED = r"/call|/auth/logout|/users/\{id\}/(disable|reset-password)"


def test_every_answer_is_as_the_document_says(start_gateway, tmp_path):
    gateway = start_gateway(env={"COUNTERSIGN_PUBLIC_URL": "https://countersign.example.com"})
    server = gateway.server
    account = {"email": gateway.admin.email, "password": PASSWORD}
    done = subprocess.run(
        [
            os.path.join(os.path.dirname(sys.executable), "schemathesis"),
            "run",
            f"{server.url}/openapi.json",
            "--checks",
            ",".join(CHECKS),
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            EXAMPLES,
            "--seed",
            "1",
            "--generation-database",
            "none",
            "--exclude-path-regex",
            EXCLUDED,
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=REPOSITORY / "Tests" / "e2e" / "openapi",
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "hooks",
            "OPENAPI_SERVER": server.url,
            "OPENAPI_ACCOUNT": json.dumps(account),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) generated", done.stdout)
    assert passed and int(passed.group(1)) > 500, done.stdout
    assert server.is_alive()
    print(done.stdout[-1500:])
