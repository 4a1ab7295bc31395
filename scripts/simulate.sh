#!/usr/bin/env bash
# Runs SEEDS seeds of the storage simulation from FROM on, in JOBS threads, and a fiftieth as many
# over the server's own accounts and usage; STATES=model or domain for one kind only. Or, with SEED,
# that one (of the STATES), with every step that it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

# Package.swift has the simulation's target only when this is set.
export ENABLE_SIMULATION=1
# Memory is kept for the next seed: to give it back would cost as much as all the rest.
export MALLOC_MMAP_THRESHOLD_=268435456 MALLOC_TRIM_THRESHOLD_=1073741824
export MALLOC_TOP_PAD_=16777216
# The order of a dictionary goes into snapshots, and has to be the same when a seed is repeated.
export SWIFT_DETERMINISTIC_HASHING=1

# With the runtime inside, as the server is built.
step "build of the simulation" \
    swift build -c release --static-swift-stdlib --product Simulation
simulation=.build/release/Simulation
if [[ -n ${SEED:-} ]]; then
    exec "$simulation" seed "$SEED" states "${STATES:-model}"
fi
run() { "$simulation" seeds "$2" from "${FROM:-1}" jobs "${JOBS:-1}" states "$1"; }
seeds=${SEEDS:-1000000}
if [[ -n ${STATES:-} ]]; then
    run "$STATES" "$seeds"
else
    run model "$seeds"
    run domain $((seeds / 50 > 0 ? seeds / 50 : 1))
fi
