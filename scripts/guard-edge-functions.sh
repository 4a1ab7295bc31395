#!/usr/bin/env bash
# Clients talk to this server and to nothing of the edge functions that it replaces: no file may
# call them. It cannot pass by looking at nothing: it counts what it reads, and must find lines
# that it plants in a copy. An argument is the root of another tree to look through.
set -euo pipefail
guard=scripts/guard-edge-functions.sh
cd "${1:-$(dirname "$0")/..}"

pattern='supabase\.functions\.invoke|/functions/v1/'
client=Sources/WebUI/web
places=("$client" Sources config docs scripts README.md)
# The proof quotes the search, and this file is it.
excluded=(-path docs/proof -o -path "$guard")
# Fewer files than these are not the tree that was meant.
client_scripts_min=10
files_min=100

complain() { printf 'error: %s\n' "$*" >&2; }

# The files of the places that are there, each once.
list() {
    find "$@" \( "${excluded[@]}" \) -prune -o -type f -print0 | sort -zu
}

# search ROOT FILES… : the lines that match. 0 when there are any, 1 when there are none; what
# could not be read is neither, and ends the guard.
search() {
    local root=$1 code=0
    shift
    (cd "$root" && grep -nHE -- "$pattern" "$@") || code=$?
    ((code < 2)) || { complain "grep could not read everything" && exit "$code"; }
    return "$code"
}

for place in "${places[@]}"; do
    [[ -e $place ]] || { complain "$place is not there" && exit 1; }
done
mapfile -d '' files < <(list "${places[@]}")
mapfile -d '' scripts < <(list "$client" | grep -z '\.js$')
((${#scripts[@]} >= client_scripts_min)) || {
    complain "only ${#scripts[@]} scripts of the client in $client" && exit 1
}
((${#files[@]} >= files_min)) || { complain "only ${#files[@]} files to look through" && exit 1; }

# In a copy of the same files, with a line in one script of the client and one in another file, the
# same search has to find these two lines.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
printf '%s\0' "${files[@]}" | tar --null --files-from - -cf - | tar -xf - -C "$copy"
planted=("${scripts[-1]}" config/countersign.yaml)
printf 'await supabase.functions.%s("x");\n' invoke >>"$copy/${planted[0]}"
printf '# https://example.com/functions/%s/x\n' v1 >>"$copy/${planted[1]}"
found=$(search "$copy" "${files[@]}" | cut -d : -f 1 | sort) || true
expected=$(printf '%s\n' "${planted[@]}" | sort)

if search . "${files[@]}"; then
    complain "these lines call edge functions"
    exit 1
fi
if [[ $found != "$expected" ]]; then
    complain "the search does not find the lines that were planted for it"
    exit 1
fi
bytes=$(cat "${files[@]}" | wc -c)
echo "no call of an edge function in ${#files[@]} files ($bytes bytes), ${#scripts[@]} of them" \
    "scripts of the client; ${#planted[@]} of ${#planted[@]} planted lines found in a copy"
