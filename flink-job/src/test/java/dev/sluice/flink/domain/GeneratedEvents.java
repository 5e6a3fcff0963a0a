package dev.sluice.flink.domain;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Messages as devices, gateways and attackers send them: mostly shaped by a model, with every kind of value in
 * every place, and then damaged. The same seed gives the same messages.
 */
final class GeneratedEvents extends GeneratedValues {
    private static final List<String> KEYS = List.of(
            "", "1", "n/a", "dt/a/measures", "/", "a//b", "°C \ud83d\ude00", "x".repeat(256), "x".repeat(2_049));

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

    /** What stands at a place of a message that is being made. */
    private static final class Place {
        private final Map<String, Place> members = new LinkedHashMap<>();
        private final TreeMap<Integer, Place> elements = new TreeMap<>();
        private String json;

        Place at(List<Path.Step> steps) {
            Place place = this;
            for (Path.Step step : steps) {
                place = step instanceof Path.Member member
                        ? place.members.computeIfAbsent(member.name(), name -> new Place())
                        : place.elements.computeIfAbsent(((Path.Element) step).index(), index -> new Place());
            }
            return place;
        }
    }

    GeneratedEvents(long seed) {
        super(seed);
    }

    /** When it arrives: nearly always about the time of the events, and sometimes at the ends of all numbers. */
    Arrival arrival(EventKind kind) {
        long time = switch (random.nextInt(12)) {
            case 0 -> random.nextLong();
            case 1 -> pick(List.of(0L, 1L, -1L, Long.MIN_VALUE, Long.MAX_VALUE, 9223372036854L));
            case 2 -> 1_609_757_175_225L - 900_000L + random.nextInt(3) - 1;
            default -> 1_609_757_175_225L + random.nextInt(2_000_000) - 1_000_000;
        };
        String sequence = switch (random.nextInt(8)) {
            case 0 -> pick(List.of("0", "7", "999999", "1000001", "shard:12", "12x3", "000007"));
            default -> "4959033827149025660855969253836157" + random.nextInt(Integer.MAX_VALUE);
        };
        return new Arrival(time, sequence, key(kind));
    }

    private String key(EventKind kind) {
        String key = pick(KEYS);
        if (random.nextInt(8) > 0) {
            List<String> levels = new ArrayList<>();
            for (int level = 0; level < Math.max(1, kind.topicLevels().size()); level++) {
                String name = pick(kind.measures()).field();
                levels.add(name.contains("/") || random.nextInt(4) == 0 ? pick(List.of("a", "x", "")) : name);
            }
            key = String.join("/", levels);
        }
        return kind.name() == null || random.nextInt(30) == 0 ? key : kind.name() + "/" + key;
    }

    /** A message of {@code kind}, or an aggregate of several, whole or not. */
    byte[] payload(EventKind kind) {
        if (random.nextInt(20) > 0) {
            return message(kind);
        }
        List<Kpl.UserRecord> records = new ArrayList<>();
        for (int count = random.nextInt(4); count > 0; count--) {
            byte[] data = random.nextInt(20) > 0 ? message(kind) : Aggregates.of(List.of(), random);
            records.add(new Kpl.UserRecord(key(kind), data));
        }
        return Aggregates.of(records, random);
    }

    private byte[] message(EventKind kind) {
        ahead = random.nextInt(6) == 0 ? pick(List.of(900_000L, 3_600_000L, 31_536_000_000L)) : 0;
        if (kind.message() instanceof Model.Senml) {
            return damaged(pack(kind));
        }
        if (kind.message() instanceof Model.Each each) {
            String events = events(kind);
            if (each.path().equals("$")) {
                return damaged(events);
            }
            Place message = new Place();
            outside(message, kind);
            put(message, each.path(), events);
            return damaged(written(message, kind));
        }
        if (kind.named() != null && kind.named().value().equals("$")) {
            return damaged(bare(kind));
        }
        return damaged(event(kind));
    }

    private String events(EventKind kind) {
        if (random.nextInt(30) == 0) {
            return any(2);
        }
        List<String> events = new ArrayList<>();
        int count = random.nextInt(20) == 0 ? 30 : random.nextInt(4);
        for (int index = 0; index < count; index++) {
            events.add(random.nextInt(30) > 0 ? event(kind) : any(2));
        }
        return space() + "[" + String.join(",", events) + "]" + space();
    }

    /** What the message has around its events. */
    private void outside(Place message, EventKind kind) {
        Stream<String> fields = Stream.concat(
                Stream.of(
                        kind.device().field(),
                        kind.time() == null ? "" : kind.time().field()),
                kind.dimensions().stream().map(Model.Dimension::field));
        fields.filter(field -> field.startsWith("$.")).forEach(field -> {
            if (random.nextInt(8) > 0) {
                boolean time = kind.time() != null && kind.time().field().equals(field);
                put(message, field, time ? when(kind) : random.nextInt(8) > 0 ? "\"a\"" : any(2));
            }
        });
    }

    private String event(EventKind kind) {
        Place event = new Place();
        if (random.nextInt(20) > 0 && !kind.device().field().startsWith("$.")) {
            put(event, kind.device().field(), random.nextInt(20) > 0 ? pick(List.of("\"a\"", "\"b\"")) : any(2));
        }
        if (kind.time() != null && random.nextInt(4) > 0 && !kind.time().field().startsWith("$.")) {
            put(event, kind.time().field(), random.nextInt(12) > 0 ? when(kind) : any(2));
        }
        if (kind.event() != null && kind.event().id() != null && random.nextInt(4) > 0) {
            put(event, kind.event().id(), any(2));
        }
        for (Model.Dimension dimension : kind.dimensions()) {
            if (random.nextBoolean() && !dimension.field().startsWith("$.")) {
                put(
                        event,
                        dimension.field(),
                        random.nextInt(8) > 0 ? pick(List.of("\"x\"", "7", "true", "null")) : any(2));
            }
        }
        if (kind.named() == null) {
            for (Model.Measure measure : kind.measures()) {
                if (random.nextInt(4) > 0) {
                    put(event, measure.field(), measured(measure, kind));
                }
            }
        } else {
            Model.Measure measure = pick(kind.measures());
            if (kind.named().field() != null && random.nextInt(12) > 0) {
                put(event, kind.named().field(), random.nextInt(8) > 0 ? quoted(measure.field()) : any(1));
            }
            if (random.nextInt(12) > 0) {
                put(event, kind.named().value(), measured(measure, kind));
            }
        }
        return written(event, kind);
    }

    /** A message that is one value. */
    private String bare(EventKind kind) {
        String value = random.nextInt(20) > 0 ? measured(pick(kind.measures()), kind) : event(kind);
        boolean text = value.startsWith("\"") && value.length() > 1 && random.nextBoolean();
        return space() + (text ? value.substring(1, value.length() - 1) : value) + space();
    }

    /** A pack of SenML. */
    private String pack(EventKind kind) {
        List<String> records = new ArrayList<>();
        for (int count = random.nextInt(6); count >= 0; count--) {
            List<String> fields = new ArrayList<>();
            Model.Measure measure = pick(kind.measures());
            boolean whole = random.nextInt(6) == 0;
            if (records.isEmpty() ? random.nextInt(8) > 0 : random.nextInt(6) == 0) {
                fields.add(field(
                        "bn",
                        random.nextInt(8) > 0
                                ? pick(List.of("\"a:\"", "\"b/\"", "\"c\"", "\"urn:d::/\"", "\"\""))
                                : any(1)));
            }
            if (random.nextInt(records.isEmpty() ? 2 : 6) == 0) {
                fields.add(field("bt", random.nextInt(4) > 0 ? seconds() : any(1)));
            }
            if (random.nextInt(8) == 0) {
                fields.add(field("bv", random.nextInt(4) > 0 ? number() : any(1)));
            }
            if (random.nextInt(12) > 0) {
                String name = (whole ? pick(List.of("x:", "x/", "x:y/", ":")) : "") + measure.field();
                fields.add(field("n", random.nextInt(12) > 0 ? quoted(name) : any(1)));
            }
            if (random.nextInt(3) > 0) {
                fields.add(field(
                        "t",
                        random.nextInt(4) > 0 ? pick(List.of("-60", "0", "1.5", "-0.000000001", seconds())) : any(1)));
            }
            for (int values = random.nextInt(12); values < 12; values += 6) {
                fields.add(field(pick(List.of("v", "v", "vs", "vb", "vd")), measured(measure, kind)));
            }
            if (random.nextInt(6) == 0) {
                fields.add(field(
                        pick(List.of("u", "bu", "s", "bs", "ut", "bver", "x", "x_", "_", "bver_", "\u00fc_")), any(1)));
            }
            if (random.nextInt(4) == 0) {
                Collections.shuffle(fields, random);
            }
            records.add(random.nextInt(30) > 0 ? object(fields) : any(2));
        }
        return random.nextInt(40) == 0 ? any(3) : space() + "[" + String.join(",", records) + "]" + space();
    }

    private String seconds() {
        return switch (random.nextInt(5)) {
            case 0 -> "1609757175.225499123";
            case 1 -> pick(List.of("268435455", "268435456", "268435455.999999999", "-268435456", "1.609757175e9"));
            case 2 -> Long.toString(random.nextInt(1000) - 500);
            default -> Long.toString(1_609_757_175L + ahead / 1000 + random.nextInt(9));
        };
    }

    /** Puts {@code json} to where {@code field} leads, or nearby. */
    private void put(Place event, String field, String json) {
        Path path = Path.of(field);
        List<Path.Step> steps = path.steps();
        if (path.literal() != null && random.nextInt(8) == 0) {
            event.at(List.of(new Path.Member(path.literal()))).json = json;
            if (random.nextInt(4) > 0) {
                return;
            }
        }
        if (steps.size() > 1 && random.nextInt(16) == 0) {
            steps = steps.subList(0, 1 + random.nextInt(steps.size() - 1));
            event.at(steps).json = random.nextBoolean() ? any(2) : pick(List.of("null", "5", "\" \"", "{}", "[]"));
            return;
        }
        event.at(steps).json = json;
    }

    private String written(Place place, EventKind kind) {
        if (place.members.isEmpty() && place.elements.isEmpty()) {
            return place.json == null ? pick(List.of("{}", "null")) : place.json;
        }
        if (place.members.isEmpty()) {
            List<String> elements = new ArrayList<>();
            for (int index = 0; index <= place.elements.lastKey() + random.nextInt(2); index++) {
                Place element = place.elements.get(index);
                elements.add(element == null ? any(1) : written(element, kind));
            }
            return space() + "[" + String.join(",", elements) + "]" + space();
        }
        List<String> fields = new ArrayList<>();
        place.members.forEach((name, member) -> {
            fields.add(field(name, written(member, kind)));
            if (random.nextInt(60) == 0) {
                fields.add(field(name, member.json == null || random.nextBoolean() ? written(member, kind) : any(2)));
            }
            if (member.json != null && !(member.members.isEmpty() && member.elements.isEmpty())) {
                fields.add(field(name, member.json));
            }
        });
        while (random.nextInt(6) == 0) {
            fields.add(field(pick(names(kind)), any(3)));
        }
        if (random.nextInt(60) == 0) {
            for (int count = random.nextInt(40); count > 0; count--) {
                fields.add(field("u" + count, any(1)));
            }
        }
        if (random.nextInt(4) == 0) {
            Collections.shuffle(fields, random);
        }
        return object(fields);
    }

    private static List<String> names(EventKind kind) {
        return Stream.concat(
                        Stream.of(
                                "x",
                                "",
                                "ts",
                                "value",
                                "ü",
                                "$",
                                "n".repeat(200),
                                kind.device().field()),
                        kind.measures().stream().map(Model.Measure::field))
                .toList();
    }

    /** A time, now and then in the format and zone of the kind. */
    private String when(EventKind kind) {
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
    private String measured(Model.Measure measure, EventKind kind) {
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

    private static String quoted(String text) {
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

    private byte[] damaged(String message) {
        byte[] sound = message.getBytes(StandardCharsets.UTF_8);
        byte[] damaged = sound;
        if (random.nextInt(20) == 0 && sound.length > 0) {
            damaged = sound.clone();
            for (int count = random.nextInt(3); count >= 0; count--) {
                damaged[random.nextInt(sound.length)] = random.nextBoolean()
                        ? (byte) random.nextInt(256)
                        : (byte) pick("{}[],:\"\\0e.- tn".chars().boxed().toList())
                                .intValue();
            }
        }
        if (random.nextInt(60) == 0) {
            damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length + 1));
        }
        if (random.nextInt(200) == 0) {
            byte[] kpl = {(byte) 0xF3, (byte) 0x89, (byte) 0x9A, (byte) 0xC2, (byte) random.nextInt(256)};
            damaged = Arrays.copyOf(kpl, 1 + random.nextInt(5));
        }
        if (random.nextInt(200) == 0) {
            damaged = new byte[random.nextInt(40)];
            random.nextBytes(damaged);
        }
        if (random.nextInt(100) == 0) {
            damaged = any(2).getBytes(StandardCharsets.UTF_8);
        }
        return damaged;
    }
}
