package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The text of a number in a request; {@code DifferentialTest} compares it with what Rust writes. */
class DoubleTextTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0.0",
        "10, 10.0",
        "11.2, 11.2",
        "-0.5, -0.5",
        "0.002, 0.002",
        "0.0001, 0.0001",
        "0.00012, 0.00012",
        "0.0000999, 9.99e-5",
        "12345678, 12345678.0",
        "-1.25e7, -12500000.0",
        "9999999999999998, 9999999999999998.0",
        "1e16, 1e16",
        "-1e300, -1e300",
        "2e23, 2e23",
        "4.8726570057E288, 4.8726570057e288",
        "2.2250738585072014E-308, 2.2250738585072014e-308",
        "1.7976931348623157E308, 1.7976931348623157e308",
        "4.9E-324, 5e-324",
        "9.9E-324, 1e-323",
        "1.00000762939453125, 1.0000076293945313",
        "-278652002110960.125, -278652002110960.13",
    })
    void a_number_has_one_text(double value, String text) {
        assertEquals(text, DoubleText.of(value));
    }

    @Test
    void every_text_reads_back() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int count = 0; count < 200_000; count++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value) && value != 0) {
                String text = DoubleText.of(value);
                assertEquals(value, Double.parseDouble(text), "seed " + seed);
                assertTrue(text.length() <= 24, text);
            }
        }
    }
}
