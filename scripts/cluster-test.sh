#!/usr/bin/env bash
# Tests the log of a cluster, and servers on it, with three real NATS servers on this machine, which
# are killed, stopped and damaged. Arguments go to pytest: scripts/cluster-test.sh -k snapshot
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

step "release build" swift build "${release_flags[@]}"
step "build of the tool" swift build "${static_flags[@]}" --product ReplicaTool
export REPLICA_TOOL=$PWD/.build/release/ReplicaTool PYTHONDONTWRITEBYTECODE=1
exec .venv/bin/python -m pytest Tests/cluster -s "$@"
