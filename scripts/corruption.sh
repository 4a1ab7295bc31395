#!/usr/bin/env bash
# Damages every byte of small data directories in several ways, opens each of them as a server does,
# and writes what became of them to docs/durability/corruption.md.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

table=$(mktemp)
trap 'rm -f "$table"' EXIT
step "build of the tests" swift build --build-tests
export COUNTERSIGN_CORRUPTION=full COUNTERSIGN_CORRUPTION_TABLE=$table
step "every byte" swift test --skip-build --filter CorruptionTests
mkdir -p docs/durability
{
    cat <<'HEAD'
# One damaged byte at every place

`make corruption` wrote this. Six small data directories (stopped, killed, killed before the seal,
and three that a torn write ends) were damaged one byte at a time: three single bits, all bits, to 0
and to 255. Each copy was opened as a server opens it, replayed, and compared with what had been
acknowledged.

*Healed*: the same state as before the damage, by the older snapshot, by cutting off what was never
acknowledged, or because the byte means nothing. *Refused*: the server names the file and the place
and changes nothing. *Wrong state*: anything else. Room never written into is looked at in samples,
one byte in 61, and byte by byte for 1 KiB behind the log; everything else byte by byte.

HEAD
    cat "$table"
} >docs/durability/corruption.md
