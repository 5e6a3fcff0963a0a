package dev.sluice.flink.domain;

/**
 * A dimension of a record.
 *
 * @param name name in the store
 * @param value never empty
 */
public record DimensionValue(String name, String value) {
    /** Bytes of name and value together. */
    public int bytes() {
        return TextSize.of(name) + TextSize.of(value);
    }

    /** At least that many, without looking at a character. */
    public int bytesAtMost() {
        return TextSize.atMost(name) + TextSize.atMost(value);
    }
}
