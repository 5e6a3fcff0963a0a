#!/usr/bin/env bash
# Builds the JAR in two folders of different names, in one of them twice, and fails unless all are the same
# bytes.
set -euo pipefail
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/one" "$work/another/deeper"
cp -R .mvn mvnw pom.xml src "$work/one"
cp -R "$work/one/." "$work/another/deeper"
for folder in "$work/one" "$work/another/deeper" "$work/another/deeper"; do
    (cd "$folder" && ./mvnw -q -B -ntp package -Dmaven.test.skip -Dmdep.skip)
done
cmp "$work/one/target/flink-job.jar" "$work/another/deeper/target/flink-job.jar"
sha256sum < "$work/one/target/flink-job.jar"
