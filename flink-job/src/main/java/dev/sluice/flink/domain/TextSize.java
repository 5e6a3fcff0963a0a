package dev.sluice.flink.domain;

/** How many bytes a text takes in UTF-8. */
public final class TextSize {
    /** Bytes that one {@code char} takes at most; a pair of surrogates takes four. */
    private static final int MAX_BYTES_A_CHAR = 3;

    private TextSize() {}

    /** The bytes of {@code text}. */
    public static int of(String text) {
        int length = text.length();
        for (int at = 0; at < text.length(); at++) {
            char one = text.charAt(at);
            if (one >= 0x80) {
                // Each half of a pair counts two.
                length += one < 0x800 || Character.isSurrogate(one) ? 1 : 2;
            }
        }
        return length;
    }

    /** At least the bytes of {@code text}, without looking at a character. */
    public static int atMost(String text) {
        return text.length() * MAX_BYTES_A_CHAR;
    }
}
