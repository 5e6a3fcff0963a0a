package dev.sluice.flink.domain;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Walks over JSON (RFC 8259, without extensions) and finds where values begin and end. Values stay bytes.
 *
 * <p>Not a parser of a library: those decode every value that they pass, and tell of malformed text by an
 * exception. Here a value is skipped in place, without recursion and without an object for it.
 */
final class JsonScanner {
    private final byte[] bytes;
    private final int end;
    private int at;

    /** Which of the open values are objects, by level; made when there is a first one. */
    private BitSet objects;

    private int deepest;

    /** How many objects and arrays are open that the caller walks over itself, without the outermost. */
    private int walked;

    JsonScanner(Utf8 json) {
        this.bytes = json.bytes();
        this.at = json.from();
        this.end = json.to();
    }

    /** Index of the next byte. */
    int at() {
        return at;
    }

    /** The next byte; -1 at the end. */
    int peek() {
        return at < end ? bytes[at] : -1;
    }

    /** The most levels of objects and arrays that were passed, without the outermost that is walked over. */
    int deepest() {
        return deepest;
    }

    /** Another object or array, which is next, is walked over and not skipped. */
    void descend() {
        walked++;
        deepest = Math.max(deepest, walked);
    }

    /** It is passed. */
    void ascend() {
        walked--;
    }

    /** Steps over {@code wanted}, if it is next. */
    boolean take(char wanted) {
        boolean there = peek() == wanted;
        if (there) {
            at++;
        }
        return there;
    }

    /** Steps over white space, to the next byte that means something, which it gives. */
    int next() {
        while (at < end) {
            byte one = bytes[at];
            if (one > ' ' || one != ' ' && one != '\n' && one != '\r' && one != '\t') {
                return one;
            }
            at++;
        }
        return -1;
    }

    /** Steps over white space, and answers whether nothing is behind it. */
    boolean ends() {
        next();
        return at == end;
    }

    /** Steps over a name and its colon, and gives the name without its quotation marks; {@code null} if it is none. */
    Utf8 name() {
        next();
        int from = at + 1;
        if (!skipString()) {
            return null;
        }
        Utf8 name = new Utf8(bytes, from, at - 1);
        next();
        return take(':') ? name : null;
    }

    /** Steps over a value, and gives it; {@code null} if it is not well-formed. */
    Utf8 value() {
        next();
        int from = at;
        return skipValue() ? new Utf8(bytes, from, at) : null;
    }

    /** The bytes that were passed since {@code from}. */
    Utf8 since(int from) {
        return new Utf8(bytes, from, at);
    }

    /** The elements of a JSON array that is well-formed. */
    static List<Utf8> elements(Utf8 array) {
        List<Utf8> elements = new ArrayList<>();
        JsonScanner scanner = new JsonScanner(array);
        scanner.take('[');
        if (scanner.next() == ']') {
            return elements;
        }
        do {
            elements.add(scanner.value());
            scanner.next();
        } while (scanner.take(','));
        return elements;
    }

    /** The names of the members of a JSON object that is well-formed. */
    static List<Utf8> names(Utf8 object) {
        List<Utf8> names = new ArrayList<>();
        JsonScanner scanner = new JsonScanner(object);
        scanner.next();
        scanner.take('{');
        if (scanner.next() == '}') {
            return names;
        }
        do {
            names.add(unescaped(scanner.name()));
            scanner.value();
            scanner.next();
        } while (scanner.take(','));
        return names;
    }

    private boolean skipValue() {
        int depth = 0;
        while (true) {
            boolean opened = false;
            boolean valid = switch (next()) {
                case '"' -> skipString();
                case '{', '[' -> opened = true;
                case 't' -> skipWord("true");
                case 'f' -> skipWord("false");
                case 'n' -> skipWord("null");
                default -> skipNumber();
            };
            if (!valid) {
                return false;
            }
            if (opened) {
                open(depth++);
            }
            // To the beginning of the next value, or the end of this one.
            while (true) {
                if (depth == 0) {
                    return true;
                }
                boolean object = objects.get(depth - 1);
                int one = next();
                if (one == (object ? '}' : ']')) {
                    at++;
                    depth--;
                    opened = false;
                    continue;
                }
                if (!opened && !take(',')) {
                    return false;
                }
                if (object && name() == null) {
                    return false;
                }
                break;
            }
        }
    }

    private void open(int depth) {
        if (objects == null) {
            objects = new BitSet();
        }
        objects.set(depth, bytes[at] == '{');
        deepest = Math.max(deepest, walked + depth + 1);
        at++;
    }

    private boolean skipString() {
        if (!take('"')) {
            return false;
        }
        while (at < end) {
            byte one = bytes[at++];
            if (one == '"') {
                return true;
            }
            if (one == '\\') {
                if (!skipEscape()) {
                    return false;
                }
            } else if (one >= 0 && one < ' ') {
                at--;
                return false;
            }
        }
        return false;
    }

    private boolean skipEscape() {
        switch (peek()) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
                at++;
                return true;
            }
            case 'u' -> {
                at++;
                for (int digit = 0; digit < 4; digit++, at++) {
                    if (hex(peek()) < 0) {
                        return false;
                    }
                }
                return true;
            }
            default -> {
                return false;
            }
        }
    }

    private boolean skipWord(String word) {
        for (int index = 0; index < word.length(); index++) {
            if (!take(word.charAt(index))) {
                return false;
            }
        }
        return true;
    }

    private boolean skipNumber() {
        take('-');
        if (!take('0') && !skipDigits()) {
            return false;
        }
        if (take('.') && !skipDigits()) {
            return false;
        }
        if (take('e') || take('E')) {
            if (!take('+')) {
                take('-');
            }
            return skipDigits();
        }
        return true;
    }

    private boolean skipDigits() {
        int from = at;
        while (Decimal.isDigit(peek())) {
            at++;
        }
        return at > from;
    }

    /**
     * The characters of a well-formed JSON string, given without its quotation marks; {@code null} where
     * half of a surrogate pair stands alone.
     */
    static Utf8 unescaped(Utf8 string) {
        byte[] bytes = string.bytes();
        int at = string.from();
        while (at < string.to() && bytes[at] != '\\') {
            at++;
        }
        if (at == string.to()) {
            return string;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(string.length());
        out.write(bytes, string.from(), at - string.from());
        while (at < string.to()) {
            byte one = bytes[at++];
            if (one != '\\') {
                out.write(one);
                continue;
            }
            byte escape = bytes[at++];
            if (escape != 'u') {
                out.write(
                        switch (escape) {
                            case 'b' -> '\b';
                            case 'f' -> '\f';
                            case 'n' -> '\n';
                            case 'r' -> '\r';
                            case 't' -> '\t';
                            default -> escape;
                        });
                continue;
            }
            int point = fourDigits(bytes, at);
            at += 4;
            if (Character.isSurrogate((char) point)) {
                boolean pair = Character.isHighSurrogate((char) point)
                        && at + 6 <= string.to()
                        && bytes[at] == '\\'
                        && bytes[at + 1] == 'u'
                        && Character.isLowSurrogate((char) fourDigits(bytes, at + 2));
                if (!pair) {
                    return null;
                }
                point = Character.toCodePoint((char) point, (char) fourDigits(bytes, at + 2));
                at += 6;
            }
            out.writeBytes(Utf8.of(Character.toString(point)).bytes());
        }
        byte[] unescaped = out.toByteArray();
        return new Utf8(unescaped, 0, unescaped.length);
    }

    private static int fourDigits(byte[] bytes, int at) {
        return hex(bytes[at]) << 12 | hex(bytes[at + 1]) << 8 | hex(bytes[at + 2]) << 4 | hex(bytes[at + 3]);
    }

    /** The value of a hexadecimal digit; -1 if it is none. */
    static int hex(int one) {
        if (Decimal.isDigit(one)) {
            return one - '0';
        }
        int lower = one | 0x20;
        return lower >= 'a' && lower <= 'f' && one > 0 ? lower - 'a' + 10 : -1;
    }
}
