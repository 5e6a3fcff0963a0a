package dev.sluice.flink;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/** Where the metrics of the job are, under the scope of their operator. */
public final class Metrics {
    /**
     * The group whose metrics the service hands to CloudWatch
     * (<a href="https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-custom.html">custom metrics</a>).
     */
    private static final String SERVICE_GROUP = "kinesisanalytics";

    private Metrics() {}

    /** The group of an operator's metrics. */
    public static MetricGroup group(MetricGroup operator) {
        return operator.addGroup(SERVICE_GROUP).addGroup("Program", "Sluice");
    }

    /** A counter that any thread may count with. */
    public static Counter counter(MetricGroup group, String name) {
        return group.counter(name, new ThreadSafeSimpleCounter());
    }
}
