# What the scripts share. To be sourced, from the repository's root.

# Where the release build puts the program.
countersign=.build/release/countersign
# What everything is built with that is released or stands in for it: no Swift runtime to install.
static_flags=(-c release --static-swift-stdlib)
# The service, one file to copy.
release_flags=("${static_flags[@]}" --product countersign)

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
complain() { printf 'error: %s\n' "$*" >&2; }

# step NAME COMMAND… : runs it, and says how long it took or that it failed.
step() {
    local name=$1 start=$SECONDS
    shift
    say "$name"
    if "$@"; then
        say "$name: done in $((SECONDS - start)) s"
    else
        local code=$?
        complain "$name failed after $((SECONDS - start)) s"
        return $code
    fi
}
