package dev.sluice.flink;

import dev.sluice.flink.domain.Arrival;
import dev.sluice.flink.domain.Decoded;
import dev.sluice.flink.domain.Decoder;
import dev.sluice.flink.domain.Kpl;
import dev.sluice.flink.domain.Model;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.quarantine.QuarantinedEvent;
import dev.sluice.flink.sink.Entry;
import dev.sluice.flink.sink.Store;
import dev.sluice.flink.source.Delivery;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Decodes events: records go on, and what cannot be stored goes to the {@link #REJECTED side output}. An
 * event may do both; none does neither. Aggregates of the Kinesis Producer Library are taken apart, and each of
 * their records is an event.
 */
final class Decoding extends ProcessFunction<Delivery, Entry> {
    private static final long serialVersionUID = 1;

    /** Events for quarantine. */
    static final OutputTag<QuarantinedEvent> REJECTED =
            new OutputTag<>("rejected", TypeInformation.of(QuarantinedEvent.class));

    private final String model;
    private final Store store;
    private transient Decoder decoder;
    private transient Counter events;
    private transient Counter corrected;
    private transient Counter undeclared;
    private transient Counter outOfRange;

    /** When the last event had arrived: how far the job is behind the stream. */
    private transient long lastArrivalMs;

    /** Decodes what {@code model} describes into what {@code store} takes. */
    Decoding(String model, Store store) {
        this.model = model;
        this.store = store;
    }

    @Override
    public void open(OpenContext context) {
        decoder = new Decoder(Model.parse(model), store.limits());
        MetricGroup group = Metrics.group(getRuntimeContext().getMetricGroup());
        events = Metrics.counter(group, "events");
        corrected = Metrics.counter(group, "corrected");
        undeclared = Metrics.counter(group, "undeclared");
        outOfRange = Metrics.counter(group, "outOfRange");
        group.gauge("lastArrival", () -> lastArrivalMs);
    }

    @Override
    public void processElement(Delivery delivery, Context context, Collector<Entry> records) {
        lastArrivalMs = delivery.arrivalMs();
        Kpl.Split split = Kpl.split(delivery.data());
        if (split instanceof Kpl.Aggregate aggregate) {
            List<Kpl.UserRecord> all = aggregate.records();
            for (int nth = 0; nth < all.size(); nth++) {
                Delivery event = delivery.userRecord(all.get(nth), nth);
                Arrival arrival = delivery.arrival().withKey(event.partitionKey());
                put(event, decoder.decode(event.data(), arrival, nth), context, records);
            }
        } else if (split instanceof Kpl.Damaged damaged) {
            put(delivery, damaged.decoded(), context, records);
        } else {
            put(delivery, decoder.decode(delivery.data(), delivery.arrival()), context, records);
        }
    }

    /** Hands on what became of an event. */
    private void put(Delivery event, Decoded decoded, Context context, Collector<Entry> records) {
        events.inc();
        corrected.inc(decoded.corrected() == null ? 0 : 1);
        undeclared.inc(decoded.undeclared());
        outOfRange.inc(decoded.outOfRange());
        for (Record record : decoded.records()) {
            records.collect(new Entry(record, event));
        }
        if (decoded.rejection() != null) {
            context.output(REJECTED, QuarantinedEvent.of(event, decoded.rejection()));
        }
    }
}
