package dev.sluice.flink.domain;

/**
 * {@code NaN}, {@code Infinity} and the like, which gateways send as text: what a standard library would
 * read as a double that is not finite, though it is no number in the grammar of JSON.
 */
final class NotFinite {
    private NotFinite() {}

    static boolean isNamedBy(Utf8 text) {
        int sign = text.at(0) == '+' || text.at(0) == '-' ? 1 : 0;
        Utf8 magnitude = text.part(sign, text.length());
        return magnitude.isIgnoringCase("nan")
                || magnitude.isIgnoringCase("inf")
                || magnitude.isIgnoringCase("infinity")
                || overflows(magnitude);
    }

    /** {@code +1e999}, {@code .5e999}: a number in a laxer grammar than JSON's, and too large. */
    private static boolean overflows(Utf8 magnitude) {
        int at = 0;
        int digits = 0;
        boolean point = false;
        while (Decimal.isDigit(magnitude.at(at)) || magnitude.at(at) == '.' && !point) {
            if (magnitude.at(at) == '.') {
                point = true;
            } else {
                digits++;
            }
            at++;
        }
        if (digits == 0) {
            return false;
        }
        if (magnitude.at(at) == 'e' || magnitude.at(at) == 'E') {
            at++;
            if (magnitude.at(at) == '+' || magnitude.at(at) == '-') {
                at++;
            }
            int exponent = at;
            while (Decimal.isDigit(magnitude.at(at))) {
                at++;
            }
            if (at == exponent) {
                return false;
            }
        }
        return at == magnitude.length() && Double.isInfinite(Double.parseDouble(magnitude.toString()));
    }
}
