#!/usr/bin/env bash
# Builds the release: one tar file with the stripped program, its settings, a unit of systemd, an
# SBOM and checksums, in .build-release. The same commit on the same toolchain gives the same bytes.
# `--binary FILE` packs a program that is built already, `--out DIR` says where to.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

out=.build-release binary=
while (($#)); do
    case $1 in
        --binary) binary=${2:?"--binary needs a file"} && shift 2 ;;
        --out) out=${2:?"--out needs a folder"} && shift 2 ;;
        *) complain "unknown argument $1" && exit 64 ;;
    esac
done

# Not of this machine, and not of this minute.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
umask 022

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

build() {
    local here=$PWD map
    # The folder's name is no part of the program: neither in messages nor in symbols.
    map=(-Xcc "-ffile-prefix-map=$here=." -Xcxx "-ffile-prefix-map=$here=."
        -Xswiftc -file-prefix-map -Xswiftc "$here=." -Xlinker --build-id=none)
    swift build "${release_flags[@]}" --scratch-path .build-release "${map[@]}"
}

pack() {
    local version name time
    version=$("$binary" version | awk '{print $NF}')
    name=countersign-$version-linux-$(uname -m)
    mkdir -p "$stage/$name/config" "$stage/$name/docs"
    strip --strip-all --remove-section=.note.gnu.build-id -o "$stage/$name/countersign" "$binary"
    cp config/*.yaml config/*.json config/countersign.service "$stage/$name/config/"
    cp docs/operations.md docs/errors.md CHANGELOG.md "$stage/$name/docs/"
    # What the README says before it comes to the sources.
    sed '/^## Two commands/,/^## The console/{/^## The console/!d}' README.md \
        | sed '/^!\[/d; s/\[\([^]]*\)\](\([^)]*\.md\|docs[^)]*\))/\1/g' >"$stage/$name/README.md"
    [[ ! -e LICENSE ]] || cp LICENSE "$stage/$name/"
    python3 scripts/sbom.py "$version" "$SOURCE_DATE_EPOCH" >"$stage/$name/sbom.cdx.json"
    find "$stage" -type d -exec chmod 755 {} +
    find "$stage" -type f -exec chmod 644 {} +
    chmod 755 "$stage/$name/countersign"
    (cd "$stage/$name" && find . -type f ! -name SHA256SUMS -print0 | sort -z \
        | xargs -0 sha256sum >SHA256SUMS)
    mkdir -p "$out"
    time=@$SOURCE_DATE_EPOCH
    tar --sort=name --mtime="$time" --owner=0 --group=0 --numeric-owner --format=ustar \
        -C "$stage" -cf - "$name" | gzip -6n >"$out/$name.tar.gz"
    (cd "$out" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256" && cat "$name.tar.gz.sha256")
}

if [[ -z $binary ]]; then
    step "release build, with no path of this machine in it" build
    binary=.build-release/release/countersign
fi
step "packing" pack
