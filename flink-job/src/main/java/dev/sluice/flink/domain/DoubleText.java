package dev.sluice.flink.domain;

import com.fasterxml.jackson.core.io.NumberOutput;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Writes a double as the shortest text that reads back as the same number, with an exponent where it is
 * long: to the byte the form of Rust's {@code {:?}}, which the Lambda consumer writes.
 *
 * <p>{@link Double#toString(double)} of Java 17 is not it: it gives {@code 1.0E-4} and {@code 1.0E7}, and of
 * some numbers more digits than are needed (JDK-4511638). Jackson carries the algorithm that later
 * versions of Java have; its few other choices are mended here.
 */
final class DoubleText {
    /** From here on, and below the other, a number has an exponent. */
    private static final double LARGE = 1e16;

    private static final double SMALL = 1e-4;

    /** Fewer characters hold too few digits for two texts of them to be equally near a number. */
    private static final int UNAMBIGUOUS = 17;

    /** A number of more binary places has too many digits to be halfway between two of 17. */
    private static final int MAX_TIED_PLACES = 25;

    /** Up to here so few bits are left that two digits can be nearer than the one that is enough. */
    private static final double TINY = 1e-321;

    private DoubleText() {}

    /** The text of {@code value}, which is finite. */
    static String of(double value) {
        String text = NumberOutput.toString(value, true);
        int exponent = text.indexOf('E');
        if (exponent < 0 && text.length() < UNAMBIGUOUS) {
            return text;
        }
        double magnitude = Math.abs(value);
        BigDecimal digits = new BigDecimal(text).stripTrailingZeros();
        if (magnitude < TINY) {
            digits = preferred(value, 1, digits);
        } else if (binaryPlaces(value) <= MAX_TIED_PLACES) {
            digits = preferred(value, digits.precision(), digits);
        }
        if (magnitude < LARGE && magnitude >= SMALL) {
            String plain = digits.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String unscaled = digits.unscaledValue().toString();
        int first = value < 0 ? 2 : 1;
        String fraction = unscaled.substring(first);
        int power = fraction.length() - digits.scale();
        return unscaled.substring(0, first) + (fraction.isEmpty() ? "" : "." + fraction) + 'e' + power;
    }

    /** {@code value} in so many digits, away from zero where it is halfway, if that is still the same number. */
    private static BigDecimal preferred(double value, int digits, BigDecimal otherwise) {
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_UP));
        return rounded.doubleValue() == value ? rounded.stripTrailingZeros() : otherwise;
    }

    /** Digits behind the point that {@code value} has in base two. */
    private static int binaryPlaces(double value) {
        long bits = Double.doubleToRawLongBits(value);
        return 52 - Math.getExponent(value) - Long.numberOfTrailingZeros(bits | 1L << 52);
    }
}
