package dev.sluice.flink.domain;

import java.io.ByteArrayOutputStream;

/** A value in bytes for which text stands, as sensors send it that count each byte. */
final class PackedValue {
    private PackedValue() {}

    /** The number that {@code binary} describes in the bytes for which {@code scalar} stands, or why there is none. */
    static Outcome.OfScalar read(Scalar scalar, Written.Binary binary) {
        byte[] bytes = scalar.kind() == Scalar.Kind.TEXT ? bytes(scalar.text().trimmed(), binary.encoding()) : null;
        if (bytes == null) {
            return Fault.binaryUnreadable(scalar.quoted(), binary.encoding());
        }
        int size = binary.type().bytes();
        long end = binary.offset() + size;
        if (end > bytes.length) {
            return Fault.binaryShort(binary.offset(), end, bytes.length);
        }
        long bits = 0;
        for (int at = 0; at < size; at++) {
            int place = binary.endian() == Written.Endian.BIG ? at : size - 1 - at;
            bits = bits << 8 | bytes[(int) binary.offset() + place] & 0xFF;
        }
        return switch (binary.type().number()) {
            case UNSIGNED -> number(Long.toUnsignedString(binary.bits() == null ? bits : cut(bits, binary.bits())));
            // The sign is in the highest bit of its bytes.
            case SIGNED -> number(Long.toString(bits << Long.SIZE - 8 * size >> Long.SIZE - 8 * size));
            case FLOATING_POINT ->
                number(size == Float.BYTES ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits));
        };
    }

    private static long cut(long bits, Written.Bits part) {
        long above = bits >>> part.lowest();
        return part.count() >= Long.SIZE ? above : above & (1L << part.count()) - 1;
    }

    /** A finite number as the store writes it. */
    private static Outcome.OfScalar number(double value) {
        return Double.isFinite(value) ? number(DoubleText.of(value)) : Fault.notFinite(Double.toString(value));
    }

    private static Scalar number(String text) {
        return new Scalar(Scalar.Kind.NUMBER, Utf8.of(text));
    }

    /** The bytes for which {@code text} stands; {@code null} where it is no such text. */
    private static byte[] bytes(Utf8 text, Written.Encoding encoding) {
        return switch (encoding) {
            case BASE64 -> base64(text);
            case HEX -> hex(text);
        };
    }

    private static byte[] hex(Utf8 text) {
        if (text.length() % 2 != 0) {
            return null;
        }
        byte[] bytes = new byte[text.length() / 2];
        for (int at = 0; at < bytes.length; at++) {
            int high = JsonScanner.hex(text.at(2 * at));
            int low = JsonScanner.hex(text.at(2 * at + 1));
            if (high < 0 || low < 0) {
                return null;
            }
            bytes[at] = (byte) (high << 4 | low);
        }
        return bytes;
    }

    /** Of both alphabets, with or without padding. What the last character says beyond the last byte is nothing. */
    private static byte[] base64(Utf8 text) {
        int length = text.length();
        while (length > 0 && length > text.length() - 2 && text.at(length - 1) == '=') {
            length--;
        }
        if (length % 4 == 1) {
            return null;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(length * 3 / 4);
        int buffer = 0;
        for (int at = 0; at < length; at++) {
            int six = sixBits(text.at(at));
            if (six < 0) {
                return null;
            }
            buffer = buffer << 6 | six;
            if (at % 4 > 0) {
                bytes.write(buffer >> 6 - 2 * (at % 4));
            }
        }
        return bytes.toByteArray();
    }

    private static int sixBits(int one) {
        if (one >= 'A' && one <= 'Z') {
            return one - 'A';
        }
        if (one >= 'a' && one <= 'z') {
            return one - 'a' + 26;
        }
        if (Decimal.isDigit(one)) {
            return one - '0' + 52;
        }
        return one == '+' || one == '-' ? 62 : one == '/' || one == '_' ? 63 : -1;
    }
}
