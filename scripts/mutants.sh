#!/usr/bin/env bash
# Takes away one guard of the storage code at a time, and fails unless somebody notices each.
# Arguments are names of mutants, or --seeds, --jobs, --clean.
set -euo pipefail
cd "$(dirname "$0")/.."

export MALLOC_MMAP_THRESHOLD_=268435456 MALLOC_TRIM_THRESHOLD_=1073741824
export MALLOC_TOP_PAD_=16777216 PYTHONDONTWRITEBYTECODE=1
exec python3 Tests/mutants "$@"
