package dev.sluice.flink.postgres;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureType;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.Value;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;

/**
 * The rows of a request, as {@code sluice.write} takes them: a JSON array of objects, whose members are called like
 * columns.
 */
final class Rows {
    private static final JsonFactory JSON = new JsonFactory();

    private static final String MEASURE_NAME = "measure_name";
    private static final String TIME = "time";
    private static final String NANOSECOND = "nanosecond";
    private static final String VERSION = "version";

    /** Before the type of the only value of a record. */
    private static final String SINGLE = "measure_value::";

    /** How exact {@code timestamptz} is. */
    private static final DateTimeFormatter MICROSECONDS =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

    private static final long NANOSECONDS_A_SECOND = 1_000_000_000;
    private static final long NANOSECONDS_A_MICROSECOND = 1_000;

    /** What every row has: the names, the numbers at their longest, and the comma behind it. */
    private static final int ROW_BYTES = 128;

    /** Quotes, colon and comma of a member. */
    private static final int MEMBER_BYTES = 6;

    /** No text of a number is longer. */
    private static final int NUMBER_BYTES = 24;

    private static final int ESCAPED_BYTES = 6;

    private Rows() {}

    /** The text of {@code records}. */
    static String text(List<Record> records) {
        StringWriter text = new StringWriter();
        try (JsonGenerator rows = JSON.createGenerator(text)) {
            rows.writeStartArray();
            for (Record record : records) {
                write(record, rows);
            }
            rows.writeEndArray();
        } catch (IOException impossible) {
            // Into memory.
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void write(Record record, JsonGenerator row) throws IOException {
        row.writeStartObject();
        for (DimensionValue dimension : record.dimensions()) {
            row.writeStringField(dimension.name(), dimension.value());
        }
        row.writeStringField(MEASURE_NAME, record.measureName());
        row.writeStringField(TIME, microseconds(record.time()));
        row.writeNumberField(NANOSECOND, Math.floorMod(record.time(), NANOSECONDS_A_MICROSECOND));
        row.writeNumberField(VERSION, record.version());
        if (record.measured() instanceof Measured.Single single) {
            write(column(single.value().type()), single.value(), row);
        } else if (record.measured() instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                write(measure.name(), measure.value(), row);
            }
        }
        row.writeEndObject();
    }

    private static void write(String column, Value value, JsonGenerator row) throws IOException {
        row.writeFieldName(column);
        if (value instanceof Value.Varchar text) {
            row.writeString(text.value());
        } else if (value instanceof Value.Boolean truth) {
            row.writeBoolean(truth.value());
        } else {
            row.writeNumber(value.text());
        }
    }

    private static String column(MeasureType type) {
        return SINGLE + type.label();
    }

    /** The whole microseconds of an instant. */
    private static String microseconds(long nanoseconds) {
        return MICROSECONDS.format(Instant.ofEpochSecond(
                Math.floorDiv(nanoseconds, NANOSECONDS_A_SECOND), Math.floorMod(nanoseconds, NANOSECONDS_A_SECOND)));
    }

    /** No fewer than the bytes of the text of {@code record}. */
    static long bytesAtMost(Record record) {
        long bytes = ROW_BYTES + bytes(record.measureName());
        for (DimensionValue dimension : record.dimensions()) {
            bytes += MEMBER_BYTES + bytes(dimension.name()) + bytes(dimension.value());
        }
        if (record.measured() instanceof Measured.Single single) {
            bytes += MEMBER_BYTES + bytes(column(single.value().type())) + bytes(single.value());
        } else if (record.measured() instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                bytes += MEMBER_BYTES + bytes(measure.name()) + bytes(measure.value());
            }
        }
        return bytes;
    }

    private static long bytes(Value value) {
        return value instanceof Value.Varchar text ? bytes(text.value()) : NUMBER_BYTES;
    }

    private static long bytes(String text) {
        long bytes = 0;
        for (int at = 0; at < text.length(); at++) {
            char one = text.charAt(at);
            if (one < ' ') {
                bytes += ESCAPED_BYTES;
            } else if (one < 0x80) {
                bytes += one == '"' || one == '\\' ? 2 : 1;
            } else {
                // Each half of a pair counts two.
                bytes += one < 0x800 || Character.isSurrogate(one) ? 2 : 3;
            }
        }
        return bytes;
    }
}
