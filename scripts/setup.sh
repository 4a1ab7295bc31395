#!/usr/bin/env bash
# Installs what is missing on a fresh Debian machine; with everything there it only says so and
# needs no network. `--for build` leaves the test tools out, `--for bench` adds what the benchmarks
# compare with; those from PyPI are installed by the benchmarks themselves, into .venv-bench.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

swift_minimum=6.3
purpose=test
while (($#)); do
    case $1 in
        --for) purpose=${2:?"--for needs build, test or bench"} && shift 2 ;;
        *) complain "unknown argument $1" && exit 64 ;;
    esac
done

check_swift() {
    local version=none
    if command -v swift >/dev/null; then
        version=$(swift --version 2>/dev/null \
            | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -1)
    fi
    local older
    older=$(printf '%s\n' "$swift_minimum" "$version" | sort -V | head -1)
    if [[ $version == none || $older != "$swift_minimum" ]]; then
        complain "Swift $swift_minimum or newer is needed, found: $version"
        cat >&2 <<'HOW'
Get the toolchain for Debian 12 from https://www.swift.org/install/linux/, for example with swiftly:
    curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz
    tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init
Then run this again.
HOW
        exit 1
    fi
    echo "Swift $version"
}

# package:what-proves-it, a command or a file.
packages() {
    echo "libcrypt-dev:/usr/include/crypt.h libsodium-dev:/usr/include/sodium.h"
    echo "zlib1g-dev:/usr/include/zlib.h make:make curl:curl binutils:strip python3:python3"
    [[ $purpose == build ]] && return
    echo "gcc:cc python3-venv:ensurepip oathtool:oathtool zbar-tools:zbarimg"
    echo "librsvg2-bin:rsvg-convert jq:jq openssl:openssl git:git wrk:wrk chromium:chromium"
    # The tools have Redis' server, too, without the service of the package that is named after it.
    [[ $purpose == bench ]] && echo "nginx-light:/usr/sbin/nginx redis-tools:redis-benchmark"
    return 0
}

is_there() {
    case $1 in
        /*) [[ -e $1 ]] ;;
        ensurepip) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

install_packages() {
    local missing=() entry
    for entry in $(packages); do
        is_there "${entry#*:}" || missing+=("${entry%%:*}")
    done
    if ((${#missing[@]} == 0)); then
        echo "Debian packages: all there"
        return
    fi
    if ! command -v apt-get >/dev/null; then
        complain "these packages (by their Debian names) have to be installed first: ${missing[*]}"
        exit 1
    fi
    echo "Debian packages: installing ${missing[*]}"
    local as_root=()
    ((EUID == 0)) || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The environment is made anew only when the list of packages has changed.
make_venv() {
    local wanted=Tests/e2e/requirements.txt stamp=.venv/requirements.txt
    if cmp -s "$wanted" "$stamp"; then
        echo "Python packages: all there"
        return
    fi
    echo "Python packages: installing into .venv"
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$stamp"
}

say "setup"
check_swift
install_packages
[[ $purpose == build ]] || make_venv
