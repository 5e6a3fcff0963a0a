package dev.sluice.flink.domain;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A part of an event's bytes, which are UTF-8. Shares them: a field becomes a string only where a string
 * is stored.
 *
 * @param bytes the event
 * @param from index of the first byte
 * @param to index after the last byte
 */
record Utf8(byte[] bytes, int from, int to) {
    /** Bytes of foreign text (a field's name, an offending value) that a reason quotes. */
    private static final int QUOTED_BYTES = 128;

    static Utf8 of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Utf8(bytes, 0, bytes.length);
    }

    /** Index of the first byte that is not UTF-8; the number of bytes if all are. */
    static int validUpTo(byte[] bytes) {
        int ascii = 0;
        while (ascii < bytes.length && bytes[ascii] >= 0) {
            ascii++;
        }
        if (ascii == bytes.length) {
            return ascii;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes, ascii, bytes.length - ascii);
        CharBuffer out = CharBuffer.allocate(1024);
        // Without further instruction a decoder stops at what is malformed.
        var decoder = StandardCharsets.UTF_8.newDecoder();
        CoderResult result;
        do {
            result = decoder.decode(in, out.clear(), true);
        } while (result.isOverflow());
        return in.position();
    }

    int length() {
        return to - from;
    }

    /** The byte at {@code at}, counted from the beginning of this part; -1 outside. */
    int at(int at) {
        return from + at < to ? bytes[from + at] : -1;
    }

    boolean startsWith(char first) {
        return from < to && bytes[from] == first;
    }

    Utf8 part(int start, int end) {
        return new Utf8(bytes, from + start, from + end);
    }

    /** Whether {@code ascii} is in it. */
    boolean has(char ascii) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == ascii) {
                return true;
            }
        }
        return false;
    }

    byte[] copied() {
        return Arrays.copyOfRange(bytes, from, to);
    }

    boolean endsWith(char last) {
        return from < to && bytes[to - 1] == last;
    }

    boolean endsWith(Utf8 end) {
        return length() >= end.length() && Arrays.equals(bytes, to - end.length(), to, end.bytes, end.from, end.to);
    }

    /** Whether this is {@code ascii}, to the letter. */
    boolean is(String ascii) {
        if (length() != ascii.length()) {
            return false;
        }
        for (int at = 0; at < ascii.length(); at++) {
            if (bytes[from + at] != ascii.charAt(at)) {
                return false;
            }
        }
        return true;
    }

    /** Whether both have the same bytes. */
    boolean isSameAs(Utf8 other) {
        return Arrays.equals(bytes, from, to, other.bytes, other.from, other.to);
    }

    /** Whether this is {@code ascii}, which is in lower case, in any case. */
    boolean isIgnoringCase(String ascii) {
        if (length() != ascii.length()) {
            return false;
        }
        for (int at = 0; at < ascii.length(); at++) {
            int one = bytes[from + at];
            if ((one >= 'A' && one <= 'Z' ? one + ('a' - 'A') : one) != ascii.charAt(at)) {
                return false;
            }
        }
        return true;
    }

    /** This without the white space (of Unicode) around it. */
    Utf8 trimmed() {
        int start = from;
        int end = to;
        for (int width = whiteSpace(start, end); width > 0; width = whiteSpace(start, end)) {
            start += width;
        }
        while (end > start) {
            int width = 1;
            while (width <= 3 && (end - width < start || whiteSpace(end - width, end) != width)) {
                width++;
            }
            if (width > 3) {
                break;
            }
            end -= width;
        }
        return start == from && end == to ? this : new Utf8(bytes, start, end);
    }

    /** How many bytes the white space takes that is at {@code at}, counted from the beginning of this part. */
    int whiteSpaceAt(int at) {
        return whiteSpace(from + at, to);
    }

    /** How many bytes the white space takes that is at {@code at}; 0 if there is none. */
    private int whiteSpace(int at, int end) {
        if (at >= end) {
            return 0;
        }
        int first = bytes[at] & 0xFF;
        if (first < 0x80) {
            return first == ' ' || first >= '\t' && first <= '\r' ? 1 : 0;
        }
        int second = at + 1 < end ? bytes[at + 1] & 0xFF : 0;
        if (first == 0xC2) {
            return second == 0x85 || second == 0xA0 ? 2 : 0;
        }
        int third = at + 2 < end ? bytes[at + 2] & 0xFF : 0;
        int three = first << 16 | second << 8 | third;
        boolean space = three >= 0xE28080 && three <= 0xE2808A // U+2000 to U+200A
                || three == 0xE19A80 // U+1680
                || three == 0xE280A8 // U+2028
                || three == 0xE280A9 // U+2029
                || three == 0xE280AF // U+202F
                || three == 0xE2819F // U+205F
                || three == 0xE38080; // U+3000
        return space ? 3 : 0;
    }

    /** Foreign text, cut to what a reason may quote. */
    String quoted() {
        if (length() <= QUOTED_BYTES) {
            return toString();
        }
        int end = from + QUOTED_BYTES;
        while ((bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return new Utf8(bytes, from, end) + "…";
    }

    @Override
    public String toString() {
        return new String(bytes, from, length(), StandardCharsets.UTF_8);
    }
}
