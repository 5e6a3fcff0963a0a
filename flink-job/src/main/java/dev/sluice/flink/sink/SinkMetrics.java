package dev.sluice.flink.sink;

import dev.sluice.flink.Metrics;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** What the sink did, in numbers. They are counted by threads of the client. */
public final class SinkMetrics {
    private static final int LATENCIES = 1_000;

    /** Records that the store took. */
    public final Counter records;

    /** Values and records that a later version had replaced already. */
    public final Counter superseded;

    /**
     * Records that got measures of an earlier event of their instant: had both come in different requests, the
     * later one would have replaced the earlier one with all its measures.
     */
    public final Counter joined;

    /** Records that the store refused, and that went to quarantine. */
    public final Counter rejected;

    /** Messages for quarantine that the sink made. */
    public final Counter quarantined;

    /** Requests that the store throttled. */
    public final Counter throttled;

    /** Requests that the store failed to answer. */
    public final Counter unavailable;

    /** Requests to a table that is missing, or not permitted. */
    public final Counter unusable;

    /** How long answered requests took, in milliseconds. */
    public final Histogram writeLatency;

    /** How long ago the oldest record of the last answered attempt had arrived, in milliseconds; stored or to be tried again. */
    public volatile long lagMs;

    /** The numbers of an operator. */
    public SinkMetrics(MetricGroup operator) {
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
