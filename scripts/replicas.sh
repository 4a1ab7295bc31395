#!/usr/bin/env bash
# Runs SEEDS seeds of the simulation of a shard's replicas from FROM on, in JOBS threads; or, with
# SEED, that one, with every step that it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/lib.sh

# Package.swift has the simulation's target only when this is set.
export ENABLE_REPLICATION=1
# Memory is kept for the next seed: to give it back would cost as much as all the rest.
export MALLOC_MMAP_THRESHOLD_=268435456 MALLOC_TRIM_THRESHOLD_=1073741824
export MALLOC_TOP_PAD_=16777216

step "build of the simulation" \
    swift build -c release --scratch-path .build-rep --product ReplicaSimulation
if [[ -n ${SEED:-} ]]; then
    exec .build-rep/release/ReplicaSimulation seed "$SEED"
fi
exec .build-rep/release/ReplicaSimulation \
    seeds "${SEEDS:-100000}" from "${FROM:-1}" jobs "${JOBS:-1}"
