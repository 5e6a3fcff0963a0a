package dev.sluice.flink.sink;

import dev.sluice.flink.Metrics;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** What the sink did, in numbers. They are counted by threads of the client. */
final class SinkMetrics {
    private static final int LATENCIES = 1_000;

    /** Records that the store took. */
    final Counter records;

    /** Values and records that a later version had replaced already. */
    final Counter superseded;

    /**
     * Records that got measures of an earlier event of their instant: had both come in different requests, the
     * later one would have replaced the earlier one with all its measures.
     */
    final Counter joined;

    /** Records that the store refused, and that went to quarantine. */
    final Counter rejected;

    /** Messages for quarantine that the sink made. */
    final Counter quarantined;

    /** Requests that the store throttled. */
    final Counter throttled;

    /** Requests that the store failed to answer. */
    final Counter unavailable;

    /** Requests to a table that is missing, or not permitted. */
    final Counter unusable;

    /** How long answered requests took, in milliseconds. */
    final Histogram writeLatency;

    /** How long ago the oldest record of the last answered attempt had arrived, in milliseconds; stored or to be tried again. */
    volatile long lagMs;

    SinkMetrics(MetricGroup operator) {
        MetricGroup group = Metrics.group(operator);
        records = Metrics.counter(group, "records");
        superseded = Metrics.counter(group, "superseded");
        joined = Metrics.counter(group, "joined");
        rejected = Metrics.counter(group, "rejected");
        quarantined = Metrics.counter(group, "quarantined");
        throttled = Metrics.counter(group, "throttled");
        unavailable = Metrics.counter(group, "unavailable");
        unusable = Metrics.counter(group, "unusable");
        writeLatency = group.histogram("writeLatency", new DescriptiveStatisticsHistogram(LATENCIES));
        group.gauge("lag", () -> lagMs);
    }
}
