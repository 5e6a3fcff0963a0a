package dev.sluice.flink.domain;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.flink.timestream.Timestream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever the model and the message, the decoder answers: something is stored, or somebody is told why not. */
class AnyMessageTest {
    private static final int MODELS = 200;
    private static final int MESSAGES = 100;

    @Test
    void every_message_of_every_model_has_an_answer() {
        long seed = System.nanoTime();
        GeneratedModels models = new GeneratedModels(seed);
        GeneratedEvents events = new GeneratedEvents(seed);
        for (int index = 0; index < MODELS; index++) {
            String text = models.model();
            Model model = Model.parse(text);
            Decoder decoder = new Decoder(model, Timestream.LIMITS);
            for (int message = 0; message < MESSAGES; message++) {
                EventKind kind = events.pick(model.kinds());
                Arrival arrival = events.arrival(kind);
                byte[] payload = events.payload(kind);
                String shown = "%s%n%s%n%s".formatted(text, arrival, new String(payload, StandardCharsets.UTF_8));
                try {
                    Vectors.decoded(decoder, payload, arrival).forEach(decoded -> check(decoded, shown));
                } catch (RuntimeException thrown) {
                    throw new AssertionError(shown, thrown);
                }
            }
        }
    }

    private static void check(Decoded decoded, String shown) {
        assertTrue(!decoded.records().isEmpty() || decoded.rejection() != null, shown);
        if (decoded.rejection() != null) {
            List<Reason> reasons = decoded.rejection().reasons();
            assertTrue(!reasons.isEmpty() && reasons.size() <= Rejection.MAX_REASONS, shown);
            assertTrue(decoded.rejection().omitted() == 0 || reasons.size() == Rejection.MAX_REASONS, shown);
        }
        for (Record record : decoded.records()) {
            assertTrue(!record.dimensions().isEmpty() && record.version() >= 1, shown);
        }
    }
}
