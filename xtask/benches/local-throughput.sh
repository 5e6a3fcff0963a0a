#!/usr/bin/env bash
# How many events a second arrive at which end of the local target, next to the emulator's own delivery, which
# calls the transform for each record, in the same run. Starts what it measures on free ports, in a folder of
# its own, and stops it again.
#
#   xtask/benches/local-throughput.sh [RATE [SECONDS]]     2500 events a second for 20 s
set -euo pipefail
cd "$(dirname "$0")/../.."

rate=${1:-2500} seconds=${2:-20}
target=${CARGO_TARGET_DIR:-$PWD/target}
export SLUICE_LOCAL_DIR=$target/sluice/throughput SLUICE_LOCAL_PORT=0
cargo build --quiet --bin xtask
xtask=$target/debug/xtask

peer=$(mktemp -d)
trap '"$xtask" destroy --yes > /dev/null || true; rm -rf "$peer"' EXIT
# Sets up the Python that has boto3, too.
"$xtask" check > /dev/null
"$xtask" deploy > /dev/null
python=$(ls -t "$target"/sluice/venv-????????????/bin/python | head -1)

echo "load before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors"
"$python" xtask/benches/local_throughput.py pipeline "$xtask" "$rate" "$seconds"
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"
"$python" xtask/benches/local_throughput.py delivery "$peer" "$PWD/xtask/local/src/emulator/launch.py" \
    "$target/debug/jsonl-transform"
