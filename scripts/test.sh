#!/usr/bin/env bash
# All tests. Every step runs even if an earlier one failed; the last line sums up.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0

count() { passed=$((passed + $1)) failed=$((failed + $2)); }

# The number before a word in the last line that has both.
number_before() { grep -oE "[0-9]+ $1" "$2" | tail -1 | grep -oE '[0-9]+' || echo 0; }

swift_tests() {
    swift build --build-tests || return
    swift test --skip-build 2>&1 | tee "$logs/swift"
    local code=${PIPESTATUS[0]}
    local run issues
    run=$(grep -oE 'Test run with [0-9]+ test' "$logs/swift" | grep -oE '[0-9]+' | tail -1)
    issues=$(grep -E '^✘ Test .* failed after' "$logs/swift" | grep -vc '^✘ Test run')
    ((code == 0)) || ((issues > 0)) || issues=1
    count $((${run:-0} - issues)) "$issues"
    if [[ -z ${run:-} ]]; then
        complain "no tests ran"
        count 0 1
    fi
    return "$code"
}

# The release binary needs nothing that a minimal Debian does not have.
linked_libraries() {
    local allowed='linux-vdso|ld-linux|libc\.so|libm\.so|libgcc_s|libstdc\+\+|libz\.so'
    allowed+='|libpthread|libdl|librt'
    local foreign
    foreign=$(ldd "$countersign" | grep -vE "$allowed") && {
        complain "the binary needs more than the C and C++ runtime, libm, libgcc and libz: $foreign"
        count 0 1
        return 1
    }
    ldd "$countersign"
    count 1 0
}

# Clients talk to this server and to nothing of the edge functions that it replaces.
no_edge_functions() {
    scripts/guard-edge-functions.sh || { count 0 1 && return 1; }
    count 1 0
}

end_to_end() {
    .venv/bin/python -m pytest Tests/e2e -n 2 --dist loadfile --durations 5 2>&1 | tee "$logs/e2e"
    local code=${PIPESTATUS[0]}
    local bad=$(($(number_before failed "$logs/e2e") + $(number_before errors? "$logs/e2e")))
    ((code == 0)) || ((bad > 0)) || bad=1
    count "$(number_before passed "$logs/e2e")" "$bad"
    return "$code"
}

# The log of a cluster, with servers that are killed and damaged: one test after the other, because
# leases and elections are real.
with_engine() {
    scripts/cluster-test.sh 2>&1 | tee "$logs/cluster"
    local code=${PIPESTATUS[0]}
    local failed errors bad
    failed=$(number_before failed "$logs/cluster") errors=$(number_before errors? "$logs/cluster")
    bad=$((failed + errors))
    ((code == 0)) || ((bad > 0)) || bad=1
    count "$(number_before passed "$logs/cluster")" "$bad"
    return "$code"
}

start=$SECONDS
step "Swift tests" swift_tests
if step "release build" swift build "${release_flags[@]}"; then
    step "linked libraries" linked_libraries
    step "end-to-end tests" end_to_end
    step "tests with NATS servers" with_engine
else
    count 0 1
fi
step "no edge functions" no_edge_functions
say "all steps took $((SECONDS - start)) s"
echo "$passed passed, $failed failed"
((failed == 0))
