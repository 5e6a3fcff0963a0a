#!/usr/bin/env bash
# Builds the JAR in two folders of different names, and fails unless both are the same bytes.
set -euo pipefail
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for folder in "$work/one" "$work/another/deeper"; do
    mkdir -p "$folder"
    cp -R .mvn mvnw pom.xml src "$folder"
    (cd "$folder" && ./mvnw -q -B -ntp package -Dmaven.test.skip -Dmdep.skip)
done
cmp "$work/one/target/flink-job.jar" "$work/another/deeper/target/flink-job.jar"
sha256sum < "$work/one/target/flink-job.jar"
