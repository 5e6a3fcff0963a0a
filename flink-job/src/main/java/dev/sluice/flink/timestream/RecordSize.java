package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import dev.sluice.flink.domain.TextSize;
import dev.sluice.flink.domain.Value;

/**
 * How large a record is to the store. The service does not publish its formula; this counts names and values as
 * the text of a request, and eight bytes for the time.
 */
public enum RecordSize {
    /** At least the size, without looking at a character or making a text. */
    BOUND {
        @Override
        int of(String text) {
            return TextSize.atMost(text);
        }

        @Override
        int of(Value value) {
            return value instanceof Value.Varchar text ? of(text.value()) : MAX_NUMBER_BYTES;
        }

        @Override
        int of(DimensionValue dimension) {
            return dimension.bytesAtMost();
        }
    },
    /** The size. */
    EXACT {
        @Override
        int of(String text) {
            return TextSize.of(text);
        }

        @Override
        int of(Value value) {
            return of(value.text());
        }

        @Override
        int of(DimensionValue dimension) {
            return dimension.bytes();
        }
    };

    /** Bytes of a record. */
    static final int MAX_BYTES = 2_048;

    /** No text of a number is longer. */
    private static final int MAX_NUMBER_BYTES = 24;

    abstract int of(String text);

    abstract int of(Value value);

    abstract int of(DimensionValue dimension);

    /** The bytes of {@code record}. */
    public int of(Record record) {
        int sum = of(record.measureName()) + Long.BYTES;
        for (DimensionValue dimension : record.dimensions()) {
            sum += of(dimension);
        }
        if (record.measured() instanceof Measured.Multi multi) {
            for (MeasureValue measure : multi.values()) {
                sum += of(measure.name()) + of(measure.value());
            }
        } else if (record.measured() instanceof Measured.Single single) {
            sum += of(single.value());
        }
        return sum;
    }

    /** The bytes of a record that is too large, else 0; of a usual record at the cost of a few additions. */
    static int tooLarge(Record record) {
        if (BOUND.of(record) <= MAX_BYTES) {
            return 0;
        }
        int bytes = EXACT.of(record);
        return bytes > MAX_BYTES ? bytes : 0;
    }
}
