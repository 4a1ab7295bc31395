#!/usr/bin/env bash
# Builds the server and what it is measured against, then measures both in one run.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

# Package.swift has the benchmarks' targets only when this is set: nobody else pays for them.
export ENABLE_BENCHMARKS=1
step "release build of the server and the benchmarks" \
    swift build -c release --static-swift-stdlib
step "benchmarks" python3 Benchmarks/bench.py
