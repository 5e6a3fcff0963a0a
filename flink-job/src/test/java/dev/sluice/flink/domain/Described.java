package dev.sluice.flink.domain;

import dev.sluice.flink.timestream.RecordSize;
import java.util.List;
import java.util.function.Consumer;

/**
 * What became of an event as one line of JSON, to the byte as {@code lambdas/telemetry/examples/decode.rs}
 * writes it.
 */
final class Described {
    private final StringBuilder line = new StringBuilder();

    private Described() {}

    static String of(Decoded decoded) {
        Described described = new Described();
        described.write(decoded);
        return described.line.toString();
    }

    private void write(Decoded decoded) {
        line.append("{\"records\":[");
        list(decoded.records(), this::write);
        line.append("],\"reasons\":[");
        list(decoded.rejection() == null ? List.of() : decoded.rejection().reasons(), this::write);
        line.append("],\"omitted\":")
                .append(decoded.rejection() == null ? 0 : decoded.rejection().omitted());
        Correction corrected = decoded.corrected();
        line.append(",\"back\":").append(corrected == null ? null : corrected.back());
        line.append(",\"undeclared\":").append(decoded.undeclared());
        line.append(",\"out_of_range\":").append(decoded.outOfRange()).append('}');
    }

    private void write(Record record) {
        line.append("{\"dimensions\":[");
        list(record.dimensions(), one -> {
            line.append('[');
            string(one.name());
            line.append(',');
            string(one.value());
            line.append(']');
        });
        line.append("],\"measure_name\":");
        string(record.measureName());
        if (record.measured() instanceof Measured.Multi multi) {
            line.append(",\"layout\":\"multi\",\"measures\":[");
            list(multi.values(), this::write);
        } else if (record.measured() instanceof Measured.Single single) {
            line.append(",\"layout\":\"single\",\"measures\":[");
            write(new MeasureValue(record.measureName(), single.value()));
        }
        line.append("],\"time\":").append(record.time());
        line.append(",\"version\":").append(record.version());
        line.append(",\"bytes\":").append(RecordSize.EXACT.of(record)).append('}');
    }

    private void write(MeasureValue measure) {
        line.append('[');
        string(measure.name());
        line.append(',');
        string(measure.value().type().label());
        line.append(',');
        string(measure.value().text());
        line.append(']');
    }

    private void write(Reason reason) {
        String code = reason.fault().code();
        String sentence = reason.fault().sentence();
        // The parsers of JSON have their own words, and the versions of Unicode their own printable characters.
        boolean comparable =
                !code.equals("not_json") && sentence.chars().allMatch(one -> one >= ' ' && one <= '~' || one == '…');
        line.append('[');
        string(code);
        line.append(',');
        string(reason.field());
        line.append(',');
        string(comparable ? sentence : null);
        line.append(']');
    }

    private <T> void list(List<T> items, Consumer<T> write) {
        for (int at = 0; at < items.size(); at++) {
            if (at > 0) {
                line.append(',');
            }
            write.accept(items.get(at));
        }
    }

    private void string(String text) {
        if (text == null) {
            line.append("null");
            return;
        }
        line.append('"');
        for (int at = 0; at < text.length(); at++) {
            char one = text.charAt(at);
            switch (one) {
                case '"', '\\' -> line.append('\\').append(one);
                case '\b' -> line.append("\\b");
                case '\f' -> line.append("\\f");
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (one < ' ') {
                        line.append("\\u%04x".formatted((int) one));
                    } else {
                        line.append(one);
                    }
                }
            }
        }
        line.append('"');
    }
}
