#!/usr/bin/env bash
# Tests the log of a cluster with three real NATS servers on this machine, which are killed, stopped
# and damaged. Arguments go to pytest: scripts/cluster.sh -k snapshot
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

# Package.swift has the tool that the tests drive only when this is set.
export ENABLE_REPLICATION=1
step "build of the tool" swift build -c release --scratch-path .build-rep --product ReplicaTool
export REPLICA_TOOL=$PWD/.build-rep/release/ReplicaTool PYTHONDONTWRITEBYTECODE=1
exec .venv/bin/python -m pytest Tests/cluster -s "$@"
