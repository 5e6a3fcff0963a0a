package dev.sluice.flink.domain;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What stands between the value that an event holds and the value that is stored. The steps are those of the
 * components below, in this order; the default is none.
 *
 * @param points the names of an element's members, where the measure is an array of readings
 * @param binary the field is text that stands for bytes, and the value is a part of them; {@code null}: it is
 *     the value
 * @param missing texts that say that there is no value, for instance {@code unavailable} or {@code -999};
 *     compared with the text of the value without the white space around it, or with the number as it is
 *     written
 * @param map what a text stands for, for instance {@code ON} for true; compared as with {@code missing}, and
 *     what is not in it is read as without it
 * @param suffix the unit behind a number in text, for instance {@code °C}; {@code null}: none
 * @param decimal what separates the fraction of a number in text
 * @param scale what a number is multiplied by, of a measure of type double alone; {@code null}: nothing
 * @param offset what is added to a number after that, of a measure of type double alone; {@code null}: nothing
 */
public record Written(
        Points points,
        Binary binary,
        List<String> missing,
        Map<String, Mapped> map,
        String suffix,
        Decimal decimal,
        Double scale,
        Double offset) {
    /** The value is simply there. */
    public static final Written PLAIN = new Written(null, null, null, null, null, null, null, null);

    /** What is not said is the default. */
    public Written {
        points = points == null ? Points.DEFAULT : points;
        missing = missing == null ? List.of() : List.copyOf(missing);
        map = map == null ? Map.of() : Map.copyOf(map);
        decimal = decimal == null ? Decimal.POINT : decimal;
    }

    /** Whether the value is simply there; arrays of readings have their own names in any case. */
    boolean isPlain() {
        return equals(new Written(points, null, null, null, null, null, null, null));
    }

    /**
     * The members of a reading that is an element of an array.
     *
     * @param time its time, in the unit of the kind's time
     * @param value its value
     */
    public record Points(
            @JsonProperty(required = true) String time,
            @JsonProperty(required = true) String value) {
        /** The names that they have where the model gives none. */
        static final Points DEFAULT = new Points("ts", "value");

        /** Both are there. */
        public Points {
            Objects.requireNonNull(time, "points.time");
            Objects.requireNonNull(value, "points.value");
        }
    }

    /**
     * A value in bytes.
     *
     * @param encoding how the text stands for the bytes
     * @param offset where the value begins, in bytes from 0
     * @param type what is there
     * @param endian which byte comes first
     * @param bits which bits of an unsigned integer are the value; {@code null}: all
     */
    public record Binary(
            @JsonProperty(required = true) Encoding encoding,
            @JsonProperty(required = true) long offset,
            @JsonProperty(required = true) BinaryType type,
            Endian endian,
            Bits bits) {
        /** What has no default is there. */
        public Binary {
            Objects.requireNonNull(encoding, "binary.encoding");
            Objects.requireNonNull(type, "binary.type");
            endian = endian == null ? Endian.BIG : endian;
        }
    }

    /**
     * Bits of an unsigned integer.
     *
     * @param lowest the lowest of them, from 0
     * @param count how many there are
     */
    public record Bits(int lowest, int count) {
        /** Reads an array of the two. */
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static Bits of(List<Integer> both) {
            if (both.size() != 2) {
                throw new IllegalArgumentException("bits are the lowest and how many, not " + both);
            }
            return new Bits(both.get(0), both.get(1));
        }
    }

    /** How text stands for bytes. */
    public enum Encoding {
        /** RFC 4648, its usual or its URL-safe alphabet, with or without padding. */
        @JsonProperty("base64")
        BASE64("base64"),
        /** Two digits a byte, of either case. */
        @JsonProperty("hex")
        HEX("hex");

        private final String label;

        Encoding(String label) {
            this.label = label;
        }

        /** The name in the model. */
        String label() {
            return label;
        }
    }

    /** What a value in bytes is. */
    public enum BinaryType {
        /** Unsigned, 8 bits. */
        @JsonProperty("u8")
        U8(Number.UNSIGNED, 1),
        /** Signed, 8 bits. */
        @JsonProperty("i8")
        I8(Number.SIGNED, 1),
        /** Unsigned, 16 bits. */
        @JsonProperty("u16")
        U16(Number.UNSIGNED, 2),
        /** Signed, 16 bits. */
        @JsonProperty("i16")
        I16(Number.SIGNED, 2),
        /** Unsigned, 24 bits. */
        @JsonProperty("u24")
        U24(Number.UNSIGNED, 3),
        /** Signed, 24 bits. */
        @JsonProperty("i24")
        I24(Number.SIGNED, 3),
        /** Unsigned, 32 bits. */
        @JsonProperty("u32")
        U32(Number.UNSIGNED, 4),
        /** Signed, 32 bits. */
        @JsonProperty("i32")
        I32(Number.SIGNED, 4),
        /** Unsigned, 64 bits. */
        @JsonProperty("u64")
        U64(Number.UNSIGNED, 8),
        /** Signed, 64 bits. */
        @JsonProperty("i64")
        I64(Number.SIGNED, 8),
        /** Floating point, 32 bits. */
        @JsonProperty("f32")
        F32(Number.FLOATING_POINT, 4),
        /** Floating point, 64 bits. */
        @JsonProperty("f64")
        F64(Number.FLOATING_POINT, 8);

        /** How bits are a number. */
        enum Number {
            UNSIGNED,
            SIGNED,
            FLOATING_POINT
        }

        private final Number number;
        private final int bytes;

        BinaryType(Number number, int bytes) {
            this.number = number;
            this.bytes = bytes;
        }

        Number number() {
            return number;
        }

        int bytes() {
            return bytes;
        }
    }

    /** Which byte of a value comes first. */
    public enum Endian {
        /** The highest. */
        @JsonProperty("big")
        BIG,
        /** The lowest. */
        @JsonProperty("little")
        LITTLE
    }

    /** What separates the fraction of a number in text. */
    public enum Decimal {
        /** {@code 21.5}. */
        @JsonProperty("point")
        POINT,
        /** {@code 21,5}. */
        @JsonProperty("comma")
        COMMA
    }

    /**
     * What a text stands for: a value that is read as if the event held it.
     *
     * @param kind what it is in JSON
     * @param text as JSON writes it, without quotation marks
     */
    public record Mapped(Scalar.Kind kind, String text) {
        /** Reads a JSON scalar. */
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        static Mapped of(JsonNode json) {
            return switch (json.getNodeType()) {
                case BOOLEAN -> new Mapped(Scalar.Kind.BOOLEAN, json.asText());
                case NUMBER -> new Mapped(Scalar.Kind.NUMBER, number(json));
                case STRING -> new Mapped(Scalar.Kind.TEXT, json.textValue());
                default -> throw new IllegalArgumentException("a text stands for one value, not for " + json);
            };
        }

        private static String number(JsonNode json) {
            return json.isIntegralNumber() && json.canConvertToLong()
                    ? Long.toString(json.longValue())
                    : DoubleText.of(json.doubleValue());
        }

        Scalar scalar() {
            return new Scalar(kind, Utf8.of(text));
        }
    }
}
