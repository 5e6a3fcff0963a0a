package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.DimensionValue;
import dev.sluice.flink.domain.MeasureType;
import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.TimeUnit;
import software.amazon.awssdk.services.timestreamwrite.model.WriteRecordsRequest;

/**
 * The form of a WriteRecords request: what all records share is said once.
 *
 * <p>A dimension must not be in the common attributes and in a record, or the whole request is refused; so
 * each is moved, not copied.
 */
final class Request {
    private final List<DimensionValue> dimensions;
    private final String measureName;
    private final MeasureValueType type;
    private final Long version;

    private Request(List<Record> records) {
        this.dimensions = sharedDimensions(records);
        this.measureName = shared(records, Record::measureName);
        this.type = shared(records, Request::type);
        this.version = shared(records, Record::version);
    }

    /** The request that writes at least one and at most {@link Timestream#REQUEST_RECORDS} records. */
    static WriteRecordsRequest of(String database, String table, List<Record> records) {
        Request shared = new Request(records);
        return WriteRecordsRequest.builder()
                .databaseName(database)
                .tableName(table)
                .commonAttributes(shared.common())
                .records(records.stream().map(shared::rest).toList())
                .build();
    }

    private software.amazon.awssdk.services.timestreamwrite.model.Record common() {
        software.amazon.awssdk.services.timestreamwrite.model.Record.Builder common =
                software.amazon.awssdk.services.timestreamwrite.model.Record.builder()
                        .timeUnit(TimeUnit.NANOSECONDS)
                        .measureName(measureName)
                        .measureValueType(type)
                        .version(version);
        if (!dimensions.isEmpty()) {
            common.dimensions(dimensions.stream().map(Request::dimension).toList());
        }
        return common.build();
    }

    private software.amazon.awssdk.services.timestreamwrite.model.Record rest(Record record) {
        software.amazon.awssdk.services.timestreamwrite.model.Record.Builder rest =
                software.amazon.awssdk.services.timestreamwrite.model.Record.builder()
                        .time(Long.toString(record.time()));
        if (dimensions.size() < record.dimensions().size()) {
            rest.dimensions(record.dimensions().stream()
                    .filter(one -> !dimensions.contains(one))
                    .map(Request::dimension)
                    .toList());
        }
        if (measureName == null) {
            rest.measureName(record.measureName());
        }
        if (type == null) {
            rest.measureValueType(type(record));
        }
        if (version == null) {
            rest.version(record.version());
        }
        if (record.measured() instanceof Measured.Single single) {
            rest.measureValue(single.value().text());
        } else if (record.measured() instanceof Measured.Multi multi) {
            rest.measureValues(multi.values().stream().map(Request::measure).toList());
        }
        return rest.build();
    }

    private static List<DimensionValue> sharedDimensions(List<Record> records) {
        List<DimensionValue> shared = new ArrayList<>(records.get(0).dimensions());
        List<DimensionValue> before = null;
        for (Record record : records) {
            // Records of one event have one list.
            if (record.dimensions() != before && !shared.isEmpty()) {
                before = record.dimensions();
                shared.retainAll(before);
            }
        }
        return shared;
    }

    /** What is equal in all, or {@code null}. */
    private static <T> T shared(List<Record> records, Function<Record, T> part) {
        T first = part.apply(records.get(0));
        for (Record record : records) {
            if (!part.apply(record).equals(first)) {
                return null;
            }
        }
        return first;
    }

    private static Dimension dimension(DimensionValue dimension) {
        return Dimension.builder()
                .name(dimension.name())
                .value(dimension.value())
                .build();
    }

    private static software.amazon.awssdk.services.timestreamwrite.model.MeasureValue measure(MeasureValue measure) {
        return software.amazon.awssdk.services.timestreamwrite.model.MeasureValue.builder()
                .name(measure.name())
                .value(measure.value().text())
                .type(type(measure.value().type()))
                .build();
    }

    private static MeasureValueType type(Record record) {
        return record.measured() instanceof Measured.Single single
                ? type(single.value().type())
                : MeasureValueType.MULTI;
    }

    private static MeasureValueType type(MeasureType type) {
        return switch (type) {
            case DOUBLE -> MeasureValueType.DOUBLE;
            case BIGINT -> MeasureValueType.BIGINT;
            case BOOLEAN -> MeasureValueType.BOOLEAN;
            case VARCHAR -> MeasureValueType.VARCHAR;
            case TIMESTAMP -> MeasureValueType.TIMESTAMP;
        };
    }
}
