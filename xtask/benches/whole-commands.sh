#!/usr/bin/env bash
# Whole commands, as a person waits for them, next to the CDK doing the same in the same run.
# Needs hyperfine, GNU time and npm. Starts the local target on free ports and stops it again.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
peer=$target/sluice/cdk-peer
export SLUICE_LOCAL_DIR=$target/sluice/bench-local SLUICE_LOCAL_PORT=0
cargo build --quiet --release --package xtask
xtask=$target/release/xtask

mkdir -p "$peer"
cp -r xtask/benches/cdk/. "$peer"
(cd "$peer" && npm ci --silent)

peak() { # command…: peak memory of the largest of its processes
    /usr/bin/time --format '%M KiB at most: %C' "$@" > /dev/null
}

echo "== synth of all stacks"
hyperfine --warmup 1 --shell none --style basic \
    --command-name sluice "$xtask synth --env prod --out $target/sluice/bench-synth" \
    --command-name cdk "$peer/node_modules/.bin/cdk synth --quiet --app 'node $peer/app.js' --output $peer/cdk.out"
peak "$xtask" synth --env prod --out "$target/sluice/bench-synth"
peak "$peer/node_modules/.bin/cdk" synth --quiet --app "node $peer/app.js" --output "$peer/cdk.out"

echo "== deploy when nothing changed"
trap '"$xtask" destroy --yes > /dev/null' EXIT
"$xtask" deploy > /dev/null
endpoint=$("$xtask" status --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["endpoints"]["aws"])')
cdk() { # runs the CDK against the emulator
    env -C "$peer" AWS_ENDPOINT_URL="$endpoint" AWS_ENDPOINT_URL_S3="$endpoint" AWS_ACCESS_KEY_ID=test \
        AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-west-1 node_modules/.bin/cdk "$@"
}
cdk bootstrap --quiet > /dev/null
cdk deploy --all --require-approval never > /dev/null
hyperfine --warmup 1 --style basic \
    --command-name sluice "$xtask deploy" \
    --command-name cdk "$(declare -f cdk); peer=$peer endpoint=$endpoint; cdk deploy --all --require-approval never"
