package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.timestream.Timestream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A message takes as long as its bytes deserve, whatever is in them. */
class LargeMessageTest {
    /** Bytes of the larger message, and how many times it is the smaller. */
    private static final int BYTES = 1 << 18;

    private static final int TIMES = 16;

    /** How many times as long it may take: where every byte is compared with every other, it is the square of 16. */
    private static final long LONGER = 100;

    /** What is measured of less is chance. */
    private static final long LEAST_NANOSECONDS = 50_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final Arrival ARRIVAL =
            new Arrival(1_609_757_180_000L, "49613710034000000000000000000000000000000000000000000042", "a/b");

    private static Decoder decoder(String message, String device) {
        return new Decoder(Model.parse("""
                        {"topic": "+/+", "message": %s, "device": {"dimension": "device", "field": "%s"},
                         "dimensions": [{"name": "site", "field": "s.t"}],
                         "measures": [
                           {"name": "temperature", "field": "temperature", "type": "double"},
                           {"name": "deep", "field": "a.b.c", "type": "double"},
                           {"name": "ninth", "field": "list[9].v", "type": "double"},
                           {"name": "first", "field": "data", "type": "double",
                             "binary": {"encoding": "base64", "offset": 0, "type": "u8"}},
                           {"name": "text", "field": "text", "type": "varchar", "map": {"on": "ON"}, "suffix": "C"}],
                         "record": {"layout": "multi", "name": "m"}, "undeclared": "quarantine"}""".formatted(message, device)), Timestream.LIMITS);
    }

    private static Stream<Arguments> messages() {
        Decoder event = decoder("\"event\"", "id");
        Decoder each = decoder("{\"each\": \"values\"}", "$.id");
        Decoder array = decoder("{\"each\": \"$\"}", "id");
        Decoder senml = decoder("\"senml\"", "bn");
        String text = "x".repeat(BYTES / TIMES / 4);
        String base = "[{'bn':'" + text + "','n':'temperature','v':1},";
        return Stream.of(
                Arguments.of("keys", event, "{'id':'a',", "'k#':1,", "}"),
                Arguments.of("keys on a path", event, "{'id':'a','a':{'b':{", "'k#':1,", "}}}"),
                Arguments.of("a field again and again", event, "{'id':'a',", "'temperature':1,", "}"),
                Arguments.of("a container again and again", event, "{'id':'a',", "'a':{'b':{'c':1}},", "}"),
                Arguments.of("what is in the way again and again", event, "{'id':'a',", "'a':1,", "}"),
                Arguments.of("elements on a path", event, "{'id':'a','list':[", "{},", "]}"),
                Arguments.of("one text", event, "{'id':'a','text':'", "x", "C'}"),
                Arguments.of("one text of escapes", event, "{'id':'a','text':'", "\\u00e4", "C'}"),
                Arguments.of("one name", event, "{'id':'a','", "x", "':1}"),
                Arguments.of("one number", event, "{'id':'a','temperature':", "1", "}"),
                Arguments.of("bytes", event, "{'id':'a','data':'", "AAAA", "'}"),
                Arguments.of("white space", event, "{'id':'a','temperature':", " ", "1}"),
                Arguments.of("a device", event, "{'temperature':1,'id':'", "x", "'}"),
                Arguments.of("readings", event, "{'id':'a','temperature':[", "{'ts':#,'value':#},", "]}"),
                Arguments.of(
                        "readings of one instant", event, "{'id':'a','temperature':[", "{'ts':1,'value':#},", "]}"),
                Arguments.of("readings with other members", event, "{'id':'a','temperature':[", "{'k#':1},", "]}"),
                Arguments.of("what is not closed", event, "", "{'a':", ""),
                Arguments.of("events", each, "{'id':'a','values':[", "{'temperature':#},", "]}"),
                Arguments.of("events of nothing", each, "{'id':'a','values':[", "{},", "]}"),
                Arguments.of("a long device", each, "{'id':'" + text + "','values':[", "{'temperature':#},", "]}"),
                Arguments.of("no events", each, "{'id':'a','values':[", "1,", "]}"),
                Arguments.of("many series", each, "{'id':'a','values':[", "{'s':{'t':#},'temperature':1},", "]}"),
                Arguments.of("an array of events", array, "[", "{'id':'a','temperature':#},", "]"),
                Arguments.of("records of SenML", senml, "[{'bn':'a:'},", "{'n':'temperature','v':#,'t':-#},", "]"),
                Arguments.of("devices of SenML", senml, "[", "{'bn':'a#:','n':'temperature','v':#},", "]"),
                Arguments.of("a long name of SenML", senml, base, "{'v':#},", "]"),
                Arguments.of("a long device of SenML", senml, base, "{'n':'temperature','v':#},", "]"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("messages")
    void time_is_in_proportion_to_bytes(String name, Decoder decoder, String before, String part, String after) {
        long small = time(decoder, message(before, part, after, BYTES / TIMES));
        long large = time(decoder, message(before, part, after, BYTES));
        assertTrue(
                large <= Math.max(small, LEAST_NANOSECONDS) * LONGER,
                () -> "%d ns, and %d ns for %d times the bytes".formatted(small, large, TIMES));
    }

    @Test
    void any_depth_is_answered() {
        for (int levels : List.of(63, 64, 10_000, 100_000)) {
            for (List<String> pair : List.of(List.of("[", "]"), List.of("{\"a\":", "}"))) {
                String closed = pair.get(0).repeat(levels) + "1" + pair.get(1).repeat(levels);
                for (String text : List.of(closed, pair.get(0).repeat(levels), "{\"id\":\"a\",\"a\":" + closed + "}")) {
                    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
                    for (String form : List.of("\"event\"", "{\"each\": \"a\"}", "{\"each\": \"$\"}", "\"senml\"")) {
                        Decoded decoded = decoder(form, "id").decode(payload, ARRIVAL);
                        assertTrue(decoded.rejection() != null, form);
                    }
                }
            }
        }
    }

    /** {@code part} between {@code before} and {@code after}, again and again; {@code #} is its number. */
    private static byte[] message(String before, String part, String after, int bytes) {
        StringBuilder text = new StringBuilder(before);
        for (int number = 0; text.length() + part.length() + after.length() < bytes; number++) {
            text.append(part.replace("#", Integer.toString(number)));
        }
        if (text.charAt(text.length() - 1) == ',') {
            text.setLength(text.length() - 1);
        }
        return text.append(after).toString().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }

    /** The shortest of a few times, of this thread alone: others on the machine do not lengthen it. */
    private static long time(Decoder decoder, byte[] payload) {
        long shortest = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 5; attempt++) {
            long start = THREADS.getCurrentThreadCpuTime();
            Decoded decoded = decoder.decode(payload, ARRIVAL);
            shortest = Math.min(shortest, THREADS.getCurrentThreadCpuTime() - start);
            assertTrue(!decoded.records().isEmpty() || decoded.rejection() != null);
        }
        return shortest;
    }
}
