#!/usr/bin/env bash
# Builds the server and what it is measured against, then measures both in one run. A whole run
# writes docs/benchmarks.md; FIGURES=session,events measures only these, BENCH_QUICK=1 takes a quick
# look, and both only print. BENCH_PRODUCTS names a folder of products that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

if [[ -z ${BENCH_PRODUCTS:-} ]]; then
    # Package.swift has the benchmarks' targets only when this is set: nobody else pays for them.
    export ENABLE_BENCHMARKS=1
    step "release build of the server and the benchmarks" \
        swift build -c release --static-swift-stdlib
fi
arguments=()
if [[ -n ${FIGURES:-} ]]; then
    arguments+=("$FIGURES")
elif [[ ${BENCH_QUICK:-0} == 0 ]]; then
    arguments+=(--write)
fi
step "benchmarks" python3 Benchmarks/bench.py "${arguments[@]}"
