#!/usr/bin/env bash
# Shows every requirement at work on the release binary, and writes docs/proof. With arguments it
# looks at these rows only, and docs/proof stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

scripts/build.sh
# Another binary that the tests were pointed at is not the one that is proved.
unset COUNTERSIGN_BINARY
export PYTHONPATH=Tests:Tests/e2e PYTHONDONTWRITEBYTECODE=1
step "proof" .venv/bin/python -m proof "$@"
