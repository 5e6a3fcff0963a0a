package dev.sluice.flink.domain;

import java.time.Instant;
import java.util.List;
import java.util.Random;

/** JSON values as devices, gateways and attackers write them. The same seed gives the same values. */
class GeneratedValues {
    private static final List<String> NUMBERS = List.of("""
            0 -0 -0.0 1 1.0 10.50 100 100.0000000000000001 007 1e3 1E+3 1e-3 -1e-400 1e-400 1e400 1e308
            1.7976931348623157e308 1.7976931348623159e308 4.9e-324 2.5e-324 2.4e-324
            2.2250738585072011e-308 9007199254740993 9007199254740993.0 9223372036854775807
            9223372036854775808 -9223372036854775808 -9223372036854775809 9223372036854775807.9 1e18
            1e19 92233720368547758070e-1 0.0000000000000000000000000000000000001e37
            1e99999999999999999999 0e99999999999999999999 1e-99999999999999999999 1609757175225.499
            1609757175225 1609757175 1609757175225499123 1609757175.2254991239 9223372036854.775807
            9223372036854.775808 9223372036.854775808 -1 -62135596800000 2e23 8.41e21 9.5367431640625e-7
            5e-324 1.0E16 0.0001 0.00009999 123456789012345680 0.1e1 1.0e0 3.0e-5 10e 1. .5 +1 0x10
            1_000 1e999 1d 1f NaN -Infinity --1 -""".split("\\s+"));

    private static final List<String> TIMES = List.of("""
            1970-01-01T00:00:00Z|2021-01-04T10:46:15.225499123Z|2021-01-04 10:46:15,5|20210104T104615Z
            20210104T1046|2021-01-04T10|2021-01-04|2021-01-04T|2021-01-04T24:00:00Z|2021-01-04T23:59:60Z
            2021-02-29T00:00:00Z|2020-02-29T00:00:00Z|2021-13-01T00:00:00Z|2021-00-10T00:00Z
            2021-01-04T10:46:15+02:00|2021-01-04T10:46:15-0530|2021-01-04T10:46:15+05:30:15.5
            2021-01-04T10:46:15+25:59:59|2021-01-04T10:46:15+25:59:59.5|2021-01-04T10:46:15+26
            2021-01-04T10:46:15-00|2021-01-04T10:46:15+0:30|2021-01-04T10:46:1515|2021-01-04T10:4615
            2021-01-04T1046:15|2021-0104T10:46|202101-04T10:46|+002021-01-04T10:46Z|-000000-01-04T10:46Z
            -009999-01-01T00:00Z|+010000-01-01T00:00Z|9999-12-31T23:59:59.999Z|9999-12-31T23:59:59-25:59
            1677-09-21T00:12:43.145224192Z|1677-09-21T00:12:43.145224191Z|2262-04-11T23:47:16.854775807Z
            2262-04-11T23:47:16.854775808Z|1969-12-31T23:59:59.999999999Z|2021-01-04T10:46:15.Z
            2021-01-04T10:46:15.1234567890Z|2021-01-04T10:46:15,123456789999999999999+01:00[a.1234567890]
            2021-01-04T10:46:15+05:30:15.49999999999|2021-01-04T10:46:15+05:30:15.5000000000
            2021-01-04T10:46:15.0000000000.1Z|2021-01-04T10:46:15[u-ca=iso8601.1234567890]|2021-01-04t10:46:15z|2021-01-04T10:46:15Z[Europe/Berlin]
            2021-01-04T10:46:15+01:00[!Europe/Berlin][u-ca=iso8601]|2021-01-04T10:46:15+01:00[u-ca=iso8601]
            2021-01-04T10:46:15+01:00[!u-ca=iso8601]|2021-01-04T10:46:15[u-ca=iso8601]
            2021-01-04T10:46:15[Europe/Berlin]|2021-01-04T10:46:15Z[+01:00]|2021-01-04T10:46:15Z[+01]
            2021-01-04T10:46:15Z[+01:00:00]|2021-01-04T10:46:15Z[-0130]|2021-01-04T10:46:15Z[Z]
            2021-01-04T10:46:15Z[]|2021-01-04T10:46:15Z[a/]|2021-01-04T10:46:15Z[Etc/GMT+1]
            2021-01-04T10:46:15Z[a=b][c]|2021-01-04T10:46:15Z[a=b-c][_k-1=0]|2021-01-04T10:46:15Z[A=b]
            2021-01-04T10:46:15Z x|2021-01-04[Europe/Berlin]|2021-W01-1T10:46Z""".split("[|\n]"));

    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "\t\r\n",
            "\u3000\u00a0 ",
            "\u2028",
            "\u200b",
            "a",
            "on",
            "true",
            "false",
            "TRUE",
            "False",
            " true ",
            "yes",
            "NaN",
            "nan",
            "-nan",
            "+NaN",
            "inf",
            "-Infinity",
            "INFINITY",
            "infinit",
            "+1e999",
            ".5e999",
            "5.e999",
            "-.e999",
            "1e999",
            "1e+",
            "+",
            "ä",
            "°C",
            "\u00a0" + "12.5" + "\u3000",
            "\u200912\u2009",
            "\u008512",
            "\u001c12",
            "\u180e12",
            "\ufeff12",
            "\ud83d\ude00",
            "\u0000",
            "\u007f",
            "a\"b\\c",
            "/",
            "\t12\n",
            "yesterday",
            "1609757175225");

    private static final List<String> BROKEN = List.of(
            "",
            "{",
            "}",
            "nul",
            "truth",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{,}",
            "'a'",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\u0001\"",
            "01",
            "1.e5",
            "--1",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83dx\"",
            "\"\\ud83d\\u0041\"",
            "\"\\u0000\"",
            "{\"\\ud800\":1}",
            "[{\"ts\":1,\"val\\u0075e\":2,\"value\":3}]",
            "[{\"\\ud800\":1}]",
            "[{\"t\":1609757175225,\"v\":1}]",
            "[{\"ts\":1609757175225,\"\\ud800\":1}]",
            "[{\"ts\":1609757175225}]",
            "[{\"ts\":\"\",\"value\":1}]",
            "[{\"value\":\" \",\"x\":1}]",
            "{}",
            "[]",
            "[[]]",
            "[null]",
            "[{}]",
            "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"");

    final Random random;

    /** How far ahead the clock of the device is, in milliseconds. */
    long ahead;

    GeneratedValues(long seed) {
        this.random = new Random(seed);
    }

    /** Any bits of a double, as JSON writes it. */
    final String anyDouble() {
        double value = Double.longBitsToDouble(random.nextLong());
        return Double.isFinite(value) ? Double.toString(value) : "1e" + (random.nextInt(700) - 350);
    }

    final String field(String name, String value) {
        String written = random.nextInt(30) == 0 ? escaped(name) : name;
        return space() + '"' + written + '"' + space() + ':' + space() + value + space();
    }

    final String object(List<String> fields) {
        return space() + "{" + String.join(",", fields) + "}" + space();
    }

    final String space() {
        return random.nextInt(12) > 0 ? "" : pick(List.of(" ", "\n", "\t ", "\r\n"));
    }

    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(one -> escaped.append("\\u%04X".formatted(one)));
        return escaped.toString();
    }

    /** The time of a reading: nearly always about now, and else as a wrong clock has it, or a wrong digit. */
    final String time() {
        long ms = 1_609_757_175_225L
                + ahead
                + switch (random.nextInt(12)) {
                    case 0, 1, 2 -> random.nextInt(4_000_000) - 2_000_000;
                    case 3 ->
                        pick(List.of(86_400_000L, 86_399_999L, 900_000L, 900_001L, 3_600_000L, 2_492_687_624_775L));
                    default -> random.nextInt(9);
                };
        return switch (random.nextInt(6)) {
            case 0 -> "\"" + ms + "\"";
            case 1 -> ms + "." + random.nextInt(1_000_000_000);
            case 2 -> "\"" + Instant.ofEpochMilli(ms).plusNanos(random.nextInt(1_000_000_000)) + "\"";
            case 3 -> Long.toString(ms / 1000);
            case 4 -> random.nextInt(10) == 0 ? Long.toString(random.nextLong()) : Long.toString(ms * 1000);
            default -> Long.toString(ms);
        };
    }

    final String number() {
        String number = switch (random.nextInt(6)) {
            case 0 -> anyDouble();
            case 1 -> pick(NUMBERS);
            case 2 -> random.nextInt(1_000_000) + "e" + (random.nextInt(60) - 30);
            case 3 -> Double.toString(Double.longBitsToDouble(random.nextInt(2_000)));
            default -> random.nextInt(200) - 50 + "." + random.nextInt(1000);
        };
        return random.nextInt(5) == 0 ? '"' + number + '"' : number;
    }

    final String string() {
        String text = switch (random.nextInt(12)) {
            case 0 -> "x".repeat(random.nextInt(2200));
            case 1 -> "ä".repeat(1024 + random.nextInt(3) - 1);
            case 2 -> "x".repeat(2048 + random.nextInt(3) - 1 - random.nextInt(2) * 60);
            case 3 -> "";
            case 4, 5, 6, 7 -> misspelt(pick(TIMES));
            default -> pick(TEXTS);
        };
        if (random.nextInt(10) == 0) {
            return '"' + escaped(text) + '"';
        }
        String quoted = text.replace("\\", "\\\\").replace("\"", "\\\"");
        return '"'
                + (random.nextInt(20) == 0
                        ? quoted
                        : quoted.replace("\n", "\\n").replace("\t", "\\t"))
                + '"';
    }

    /** Now and then with a character that does not belong there, or belongs there, or without one. */
    final String misspelt(String time) {
        StringBuilder misspelt = new StringBuilder(time);
        while (random.nextInt(3) == 0 && !misspelt.isEmpty()) {
            int at = random.nextInt(misspelt.length());
            if (random.nextBoolean()) {
                misspelt.deleteCharAt(at);
            } else {
                misspelt.setCharAt(
                        at,
                        pick(List.of(
                                '0', '1', '2', '5', '9', ':', '-', '+', 'T', 'Z', '.', ',', '[', ']', '=', 'a', ' ')));
            }
        }
        return misspelt.toString();
    }

    /** Any JSON of at most {@code depth} levels, and now and then what only looks like it. */
    final String any(int depth) {
        return switch (random.nextInt(depth > 0 ? 11 : 8)) {
            case 0 -> "null";
            case 1 -> pick(List.of("true", "false"));
            case 2, 3 -> number();
            case 4, 5 -> string();
            case 6 -> time();
            case 7 -> random.nextInt(3) == 0 ? random.nextInt(6) == 0 ? pick(BROKEN) : pick(NUMBERS) : number();
            case 8 -> "[" + any(depth - 1) + "," + any(depth - 1) + "]";
            case 9 -> object(List.of(field("a", any(depth - 1)), field("a", any(depth - 1))));
            default -> {
                int levels = random.nextInt(10) == 0 ? 60 + random.nextInt(8) : random.nextInt(5);
                yield random.nextBoolean()
                        ? "[".repeat(levels) + "\"[\"" + "]".repeat(levels)
                        : "{\"k\":".repeat(levels) + "1" + "}".repeat(levels);
            }
        };
    }

    final <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
