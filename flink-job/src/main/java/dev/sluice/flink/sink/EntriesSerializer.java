package dev.sluice.flink.sink;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import dev.sluice.flink.quarantine.Reason;
import dev.sluice.flink.source.Delivery;
import dev.sluice.flink.source.DeliveryCodec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Entries that are not written yet, in a checkpoint.
 *
 * <p>An event lies in it once, however many records it has: an event of a megabyte may have ten thousand.
 */
public final class EntriesSerializer implements SimpleVersionedSerializer<BufferedRequestState<Entry>> {
    private static final int VERSION = 2;

    /** Entries of that version have records and no reasons. */
    private static final int WITHOUT_REASONS = 1;

    private static final byte RECORD = 0;
    private static final byte REASONS = 1;
    private static final byte SINGLE = 0;
    private static final byte MULTI = 1;
    private static final byte DOUBLE = 0;
    private static final byte BIGINT = 1;
    private static final byte BOOLEAN = 2;
    private static final byte VARCHAR = 3;
    private static final byte TIMESTAMP = 4;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(BufferedRequestState<Entry> state) throws IOException {
        Map<Delivery, Integer> numbers = new IdentityHashMap<>();
        List<Delivery> deliveries = new ArrayList<>();
        for (RequestEntryWrapper<Entry> wrapper : state.getBufferedRequestEntries()) {
            Delivery origin = wrapper.getRequestEntry().origin();
            if (numbers.putIfAbsent(origin, deliveries.size()) == null) {
                deliveries.add(origin);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(deliveries.size());
        for (Delivery delivery : deliveries) {
            DeliveryCodec.write(delivery, out);
        }
        out.writeInt(state.getBufferedRequestEntries().size());
        for (RequestEntryWrapper<Entry> wrapper : state.getBufferedRequestEntries()) {
            Entry entry = wrapper.getRequestEntry();
            out.writeInt(numbers.get(entry.origin()));
            if (entry.isRejected()) {
                out.writeByte(REASONS);
                write(entry.reasons(), out);
            } else {
                out.writeByte(RECORD);
                write(entry.record(), out);
            }
            out.writeLong(wrapper.getSize());
        }
        return bytes.toByteArray();
    }

    @Override
    public BufferedRequestState<Entry> deserialize(int version, byte[] bytes) throws IOException {
        if (version > VERSION) {
            throw new IOException("buffered records of version " + version + " are from a later release of this job");
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        List<Delivery> deliveries = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            deliveries.add(DeliveryCodec.read(in));
        }
        List<RequestEntryWrapper<Entry>> entries = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            Delivery origin = deliveries.get(in.readInt());
            byte kind = version == WITHOUT_REASONS ? RECORD : in.readByte();
            Entry entry = kind == REASONS ? Entry.rejected(origin, readReasons(in)) : new Entry(readRecord(in), origin);
            entries.add(new RequestEntryWrapper<>(entry, in.readLong()));
        }
        return new BufferedRequestState<>(entries);
    }

    private static void write(List<Reason> reasons, DataOutputStream out) throws IOException {
        out.writeInt(reasons.size());
        for (Reason reason : reasons) {
            writeText(reason.code(), out);
            writeText(reason.message(), out);
        }
    }

    private static List<Reason> readReasons(DataInputStream in) throws IOException {
        List<Reason> reasons = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String code = readText(in);
            reasons.add(new Reason(code, null, readText(in)));
        }
        return List.copyOf(reasons);
    }

    private static void write(Record record, DataOutputStream out) throws IOException {
        out.writeInt(record.dimensions().size());
        for (DimensionValue dimension : record.dimensions()) {
            writeText(dimension.name(), out);
            writeText(dimension.value(), out);
        }
        writeText(record.measureName(), out);
        if (record.measured() instanceof Measured.Single single) {
            out.writeByte(SINGLE);
            write(single.value(), out);
        } else if (record.measured() instanceof Measured.Multi multi) {
            out.writeByte(MULTI);
            out.writeInt(multi.values().size());
            for (MeasureValue measure : multi.values()) {
                writeText(measure.name(), out);
                write(measure.value(), out);
            }
        }
        out.writeLong(record.time());
        out.writeLong(record.version());
    }

    private static Record readRecord(DataInputStream in) throws IOException {
        List<DimensionValue> dimensions = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            dimensions.add(new DimensionValue(readText(in), readText(in)));
        }
        String measureName = readText(in);
        Measured measured;
        byte kind = in.readByte();
        if (kind == SINGLE) {
            measured = new Measured.Single(readValue(in));
        } else if (kind == MULTI) {
            List<MeasureValue> values = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                values.add(new MeasureValue(readText(in), readValue(in)));
            }
            measured = new Measured.Multi(List.copyOf(values));
        } else {
            throw new IOException("a buffered record is of the unknown kind " + kind);
        }
        return new Record(List.copyOf(dimensions), measureName, measured, in.readLong(), in.readLong());
    }

    private static void write(Value value, DataOutputStream out) throws IOException {
        if (value instanceof Value.Double number) {
            out.writeByte(DOUBLE);
            out.writeDouble(number.value());
        } else if (value instanceof Value.Bigint number) {
            out.writeByte(BIGINT);
            out.writeLong(number.value());
        } else if (value instanceof Value.Boolean truth) {
            out.writeByte(BOOLEAN);
            out.writeBoolean(truth.value());
        } else if (value instanceof Value.Varchar text) {
            out.writeByte(VARCHAR);
            writeText(text.value(), out);
        } else if (value instanceof Value.Timestamp instant) {
            out.writeByte(TIMESTAMP);
            out.writeLong(instant.nanoseconds());
        }
    }

    private static Value readValue(DataInputStream in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case DOUBLE -> new Value.Double(in.readDouble());
            case BIGINT -> new Value.Bigint(in.readLong());
            case BOOLEAN -> new Value.Boolean(in.readBoolean());
            case VARCHAR -> new Value.Varchar(readText(in));
            case TIMESTAMP -> new Value.Timestamp(in.readLong());
            default -> throw new IOException("a buffered value is of the unknown kind " + kind);
        };
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
