package dev.sluice.flink.domain;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** Values of measures and times as a model describes them, or nearly. The same seed gives the same values. */
class GeneratedReadings extends GeneratedValues {
    /** Seconds in which clocks are changed, or about to be. */
    private static final List<String> CHANGES = List.of(
            "2021-03-28T01:59:59",
            "2021-03-28T02:30:00",
            "2021-03-28T03:00:00",
            "2020-10-25T02:30:00",
            "2021-03-14T02:15:00",
            "2020-11-01T01:15:00",
            "2020-10-04T02:10:00",
            "2021-04-04T01:45:00",
            "2011-12-30T12:00:00",
            "2018-11-04T00:30:00",
            "2021-04-11T03:20:00",
            "1986-01-01T00:05:00",
            "2100-07-01T12:00:00",
            "1970-01-01T00:00:00");

    GeneratedReadings(long seed) {
        super(seed);
    }

    /** A time, now and then in the format and zone of the kind. */
    final String when(EventKind kind) {
        String format = kind.time() == null ? null : kind.time().format();
        boolean zone = kind.time() != null && kind.time().zone() != null;
        if (format == null ? !zone || random.nextInt(3) == 0 : random.nextInt(4) == 0) {
            return time();
        }
        LocalDateTime civil = random.nextInt(3) == 0
                ? LocalDateTime.parse(pick(CHANGES)).plusSeconds(random.nextInt(3) - 1)
                : LocalDateTime.ofEpochSecond(
                        1_609_757_175L + ahead / 1000 + random.nextInt(4000) - 2000, 0, ZoneOffset.UTC);
        String text = format == null ? DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(civil) : formatted(format, civil);
        return quoted(random.nextInt(4) == 0 ? misspelt(text) : text);
    }

    private String formatted(String format, LocalDateTime civil) {
        StringBuilder text = new StringBuilder();
        boolean plain = random.nextInt(4) > 0;
        for (int at = 0; at < format.length(); at++) {
            if (format.charAt(at) != '%') {
                text.append(
                        format.charAt(at) == ' ' && !plain
                                ? pick(List.of("", "  ", "\u00a0", " "))
                                : format.charAt(at));
                continue;
            }
            at++;
            String month = civil.getMonth().getDisplayName(plain ? TextStyle.SHORT : TextStyle.FULL, Locale.ENGLISH);
            int twelve = civil.getHour() % 12 == 0 ? 12 : civil.getHour() % 12;
            text.append(
                    switch (format.charAt(at)) {
                        case 'Y' -> "%04d".formatted(civil.getYear());
                        case 'y' -> "%02d".formatted(civil.getYear() % 100);
                        case 'm' -> two(civil.getMonthValue(), plain);
                        case 'd' -> two(civil.getDayOfMonth(), plain);
                        case 'e' -> "%2d".formatted(civil.getDayOfMonth());
                        case 'b', 'B' -> random.nextBoolean() ? month : month.toUpperCase(Locale.ROOT);
                        case 'H' -> two(civil.getHour(), plain);
                        case 'I' -> two(twelve, plain);
                        case 'p' -> civil.getHour() < 12 ? pick(List.of("AM", "am")) : pick(List.of("PM", "pM"));
                        case 'M' -> two(civil.getMinute(), plain);
                        case 'S' -> random.nextInt(30) == 0 ? "60" : two(civil.getSecond(), plain);
                        case 'f' -> Integer.toString(random.nextInt(1_000_000_000)) + (plain ? "" : "123");
                        case 'z' ->
                            pick(List.of("Z", "+02:00", "-0530", "+01", "z", "+23:59", "+24:00", "+5", "+02:0"));
                        default -> "%";
                    });
        }
        return text.toString();
    }

    private static String two(int number, boolean plain) {
        return plain ? "%02d".formatted(number) : Integer.toString(number);
    }

    /** A value of {@code measure}: as it is written, or nearly, or anything. */
    final String measured(Model.Measure measure, EventKind kind) {
        if (random.nextInt(16) == 0) {
            return any(3);
        }
        if (random.nextInt(8) == 0) {
            return points(measure, kind);
        }
        Written written = measure.written();
        if (!written.missing().isEmpty() && random.nextInt(8) == 0) {
            return spelt(pick(written.missing()));
        }
        if (!written.map().isEmpty() && random.nextInt(3) == 0) {
            return spelt(pick(List.copyOf(new TreeMap<>(written.map()).keySet())));
        }
        if (written.binary() != null && random.nextInt(12) > 0) {
            return packed(written.binary());
        }
        if (written.suffix() != null || written.decimal() == Written.Decimal.COMMA) {
            String number = number().replace("\"", "");
            if (written.decimal() == Written.Decimal.COMMA && random.nextInt(6) > 0) {
                number = number.replace('.', ',');
            }
            if (written.suffix() != null && random.nextInt(6) > 0) {
                number += pick(List.of("", " ", "\u00a0")) + written.suffix();
            }
            return quoted(random.nextInt(8) == 0 ? misspelt(number) : number);
        }
        return switch (measure.type()) {
            case DOUBLE -> number();
            case BIGINT -> random.nextBoolean() ? Long.toString(random.nextLong() >> random.nextInt(64)) : number();
            case BOOLEAN -> pick(List.of("true", "false", "0", "1", "\"true\"", "\"0\"", "2"));
            case VARCHAR -> string();
            case TIMESTAMP -> when(kind);
        };
    }

    /** {@code text} as JSON, with white space around it now and then, or without quotes. */
    private String spelt(String text) {
        return switch (random.nextInt(6)) {
            case 0 -> quoted(" " + text + "\u00a0");
            case 1 -> text;
            case 2 -> quoted(text.toUpperCase(Locale.ROOT));
            default -> quoted(text);
        };
    }

    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Text that stands for bytes, or nearly. */
    private String packed(Written.Binary binary) {
        byte[] bytes = new byte[random.nextInt(16)];
        random.nextBytes(bytes);
        if (binary.type().number() == Written.BinaryType.Number.FLOATING_POINT && random.nextInt(4) > 0) {
            Arrays.fill(bytes, (byte) 0);
            float value = pick(List.of(21.5f, 0.1f, -40f, 1e-20f, Float.NaN, Float.NEGATIVE_INFINITY, 3.4e38f));
            boolean big = binary.endian() == Written.Endian.BIG;
            long bits = binary.type().bytes() == Float.BYTES
                    ? Float.floatToRawIntBits(value)
                    : Double.doubleToRawLongBits(
                            random.nextBoolean() ? value : Double.longBitsToDouble(random.nextLong()));
            int size = binary.type().bytes();
            for (int at = 0; at < size && binary.offset() + at < bytes.length; at++) {
                bytes[(int) binary.offset() + at] = (byte) (bits >>> 8 * (big ? size - 1 - at : at));
            }
        }
        String text = switch (binary.encoding()) {
            case HEX -> {
                HexFormat hex =
                        random.nextBoolean() ? HexFormat.of() : HexFormat.of().withUpperCase();
                yield hex.formatHex(bytes);
            }
            case BASE64 -> {
                Base64.Encoder encoder = random.nextBoolean() ? Base64.getEncoder() : Base64.getUrlEncoder();
                yield (random.nextBoolean() ? encoder : encoder.withoutPadding()).encodeToString(bytes);
            }
        };
        return quoted(
                switch (random.nextInt(12)) {
                    case 0 -> misspelt(text);
                    case 1 -> text + pick(List.of("=", "==", " ", "A", "0", "\u00a0"));
                    default -> text;
                });
    }

    private String points(Model.Measure measure, EventKind kind) {
        Written.Points names = measure.written().points();
        List<String> points = new ArrayList<>();
        int count = random.nextInt(12) == 0 ? 30 : random.nextInt(5);
        for (int index = 0; index < count; index++) {
            List<String> fields = new ArrayList<>();
            if (random.nextInt(10) > 0) {
                String name = random.nextInt(20) > 0 ? names.time() : pick(List.of("t", "TS", "time"));
                fields.add(field(name, random.nextInt(6) > 0 ? when(kind) : any(1)));
            }
            if (random.nextInt(10) > 0) {
                String name = random.nextInt(20) > 0 ? names.value() : pick(List.of("v", "Value", "val"));
                fields.add(field(name, random.nextInt(6) > 0 ? measured(measure, kind) : any(1)));
            }
            if (random.nextInt(10) == 0) {
                fields.add(field(pick(List.of("ts", "value", "x", "unit")), any(1)));
            }
            points.add(random.nextInt(12) > 0 ? object(fields) : any(2));
        }
        return "[" + String.join(",", points) + "]";
    }
}
