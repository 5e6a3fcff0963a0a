#!/usr/bin/env bash
# Builds the JAR in two folders of different names, in one of them twice, for users whose locale, time zone and
# umask differ, and fails unless all are the same bytes.
set -euo pipefail
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
roots=lambdas/postgres/certificates
mkdir -p "$work/one/job" "$work/one/$roots" "$work/another/deeper"
cp -R .mvn mvnw pom.xml src "$work/one/job"
cp "../$roots/global-bundle.pem" "$work/one/$roots"
cp -R "$work/one/." "$work/another/deeper"
build() (
    export LC_ALL="$2" TZ="$3"
    umask "$4"
    cd "$work/$1/job"
    ./mvnw -q -B -ntp package -Dmaven.test.skip -Dmdep.skip
)
build one C Asia/Tokyo 077
build another/deeper C.UTF-8 UTC 022
build another/deeper C.UTF-8 America/New_York 002
cmp "$work/one/job/target/flink-job.jar" "$work/another/deeper/job/target/flink-job.jar"
sha256sum < "$work/one/job/target/flink-job.jar"
