#!/usr/bin/env bash
# Everything from a clean clone to a server that listens. Arguments go to `countersign serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

scripts/setup.sh --for build
scripts/build.sh

key_file=countersign.env
if [[ ! -e $key_file ]]; then
    say "making a key in $key_file; whoever loses it loses the second factors, so keep a copy"
    (umask 077 && printf 'APP_ENC_KEY=%s\n' "$("$countersign" keygen)" >"$key_file.new")
    mv "$key_file.new" "$key_file"
fi
set -a
source "./$key_file"
set +a

say "starting (Ctrl-C stops it)"
exec "$countersign" serve "$@"
