#!/bin/sh
# Events a second and bytes a record of this job, beside the public sample's sink. Takes four minutes.
# Arguments: seconds of warm-up and of measuring, for each row.
set -eu
cd "$(dirname "$0")/.."
./mvnw -q test-compile dependency:build-classpath -Dmdep.outputFile=target/throughput.classpath -Dmdep.includeScope=test
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx2g \
    --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED \
    --add-opens=java.base/java.time=ALL-UNNAMED \
    -cp "target/test-classes:target/classes:$(cat target/throughput.classpath)" dev.sluice.flink.Throughput "$@"
