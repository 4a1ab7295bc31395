#!/usr/bin/env bash
# Runs the fuzz targets with coverage for guidance, each for so many SECONDS (60) from its corpus;
# TARGET names one of them. What breaks a promise is kept in .build-fuzz/found and repeated by
# `FUZZ_TARGET=… .build-fuzz/release/Fuzz FILE`. MERGE=1 adds to the corpora what reached more code.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

seconds=${SECONDS_EACH:-60}
input_bytes_max=4096
# A leak of a Swift object in C++'s eyes is none; memory is bounded instead.
memory_mib_max=2048
# Backtraces of traps take seconds each, and the message says what broke.
export ENABLE_FUZZING=1 SWIFT_BACKTRACE=enable=no
step "build with the fuzzer's instruments" \
    swift build -c release --scratch-path .build-fuzz --product Fuzz

targets=(${TARGET:-$(ls Tests/FuzzTests/corpus)})
failed=()
for target in "${targets[@]}"; do
    found=.build-fuzz/found/$target
    grown=.build-fuzz/corpus/$target
    mkdir -p "$found" "$grown"
    say "fuzzing $target for $seconds s"
    log=.build-fuzz/$target.log
    FUZZ_TARGET=$target .build-fuzz/release/Fuzz "$grown" "Tests/FuzzTests/corpus/$target" \
        -max_total_time="$seconds" -max_len="$input_bytes_max" -rss_limit_mb="$memory_mib_max" \
        -timeout=10 -print_final_stats=1 -artifact_prefix="$found/" >"$log" 2>&1 \
        || failed+=("$target")
    grep -E 'INITED|DONE|number_of_executed_units|new_units_added|Fatal error|ERROR' "$log" \
        | tail -6 || true
    if [[ ${MERGE:-0} == 1 ]]; then
        FUZZ_TARGET=$target .build-fuzz/release/Fuzz -merge=1 -max_len="$input_bytes_max" \
            "Tests/FuzzTests/corpus/$target" "$grown" >>"$log" 2>&1 || failed+=("$target, merge")
    fi
done
if ((${#failed[@]})); then
    complain "broken: ${failed[*]}; see .build-fuzz/found"
    exit 1
fi
say "${#targets[@]} targets, nothing found"
