#!/usr/bin/env bash
# Builds the one file that is deployed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

step "release build (the first one takes some minutes)" swift build "${release_flags[@]}"
