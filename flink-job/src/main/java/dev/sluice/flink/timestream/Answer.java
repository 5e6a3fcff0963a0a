package dev.sluice.flink.timestream;

import dev.sluice.flink.domain.Record;
import dev.sluice.flink.sink.Effect;
import dev.sluice.flink.sink.Refusal;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.timestreamwrite.model.InternalServerException;
import software.amazon.awssdk.services.timestreamwrite.model.InvalidEndpointException;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecord;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecordsException;
import software.amazon.awssdk.services.timestreamwrite.model.ThrottlingException;
import software.amazon.awssdk.services.timestreamwrite.model.ValidationException;

/**
 * What an answer of the service means for the records of a request.
 *
 * <p>The only place that knows the service's errors.
 */
final class Answer {
    private Answer() {}

    /** What {@code failure} ({@code null}: none) of a request of {@code sent} means. */
    static Effect of(Throwable failure, List<Record> sent) {
        Throwable cause = Effect.cause(failure);
        if (cause == null) {
            return Effect.STORED;
        } else if (cause instanceof RejectedRecordsException rejected) {
            return rejected(rejected, sent);
        } else if (cause instanceof ValidationException invalid) {
            return new Effect.Invalid(Effect.words(invalid));
        } else if (cause instanceof ThrottlingException) {
            return new Effect.Throttled();
        } else if (cause instanceof InternalServerException || cause instanceof InvalidEndpointException) {
            return new Effect.Unavailable(cause.toString());
        }
        return Effect.of(cause);
    }

    /** Each record that it names is replaced by a later version, or refused, be it for one of its measures. */
    private static Effect rejected(RejectedRecordsException rejected, List<Record> sent) {
        int superseded = 0;
        List<Refusal> refusals = new ArrayList<>();
        for (RejectedRecord one : rejected.rejectedRecords()) {
            Integer index = one.recordIndex();
            if (index == null || index < 0 || index >= sent.size()) {
                return unknown(rejected);
            }
            Record record = sent.get(index);
            Long existing = one.existingVersion();
            String reason = one.reason() == null ? "the store gives no reason" : one.reason();
            if (existing == null) {
                refusals.add(new Refusal(index, reason, Blame.of(reason, record)));
            } else if (existing > record.version()) {
                superseded++;
            } else {
                // A version is at fault, not a measure.
                refusals.add(new Refusal(index, reason, null));
            }
        }
        return rejected.rejectedRecords().isEmpty() ? unknown(rejected) : new Effect.Written(superseded, refusals);
    }

    /** It says that some are not stored, but not which: so none may count as stored. */
    private static Effect unknown(RejectedRecordsException rejected) {
        return new Effect.Unusable(rejected.toString());
    }
}
