#!/usr/bin/env bash
# What has to be green before a change is shared: formatting, house rules, a build without warnings.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

failures=0
step "formatting (make fmt corrects it)" \
    swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks \
    || ((failures++))
step "build of everything; warnings are errors" swift build --build-tests || ((failures++))
step "house rules" swift test --skip-build --filter TidyTests || ((failures++))
((failures == 0)) && echo "all checks passed"
exit "$failures"
