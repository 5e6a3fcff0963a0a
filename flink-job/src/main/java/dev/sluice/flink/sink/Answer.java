package dev.sluice.flink.sink;

import dev.sluice.flink.domain.MeasureValue;
import dev.sluice.flink.domain.Measured;
import dev.sluice.flink.domain.Record;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.timestreamwrite.model.InternalServerException;
import software.amazon.awssdk.services.timestreamwrite.model.InvalidEndpointException;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecord;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecordsException;
import software.amazon.awssdk.services.timestreamwrite.model.ThrottlingException;
import software.amazon.awssdk.services.timestreamwrite.model.ValidationException;

/**
 * The store's answer to one request, as what it means for the records.
 *
 * <p>The only place that knows the service's errors.
 */
sealed interface Answer {
    /** All are stored. */
    record Stored() implements Answer {}

    /**
     * All are stored but these.
     *
     * @param refusals at least one
     */
    record Refused(List<Refusal> refusals) implements Answer {}

    /**
     * None is stored, because one or more break a rule. Which, it does not say.
     *
     * @param reason the service's words
     */
    record Invalid(String reason) implements Answer {}

    /** None is stored; the service asks for fewer requests. */
    record Throttled() implements Answer {}

    /**
     * Perhaps none is stored: the service failed, or did not answer.
     *
     * @param cause for the log
     */
    record Unavailable(String cause) implements Answer {}

    /**
     * None is stored, and that stays so until somebody changes something: a permission, a table.
     *
     * @param cause for the log
     */
    record Unusable(String cause) implements Answer {}

    /**
     * A record that the store refused alone.
     *
     * @param index in the request
     * @param reason the service's words
     * @param existingVersion the version that is there, where that is the reason, else {@code null}
     */
    record Refusal(int index, String reason, Long existingVersion) {
        /** Whether what is stored is a later version of a record of {@code version}. */
        boolean superseded(long version) {
            return existingVersion != null && existingVersion > version;
        }

        /**
         * The measure of {@code record} that is to blame, where the service's words name one, else {@code null}.
         *
         * <p>The service <a
         * href="https://docs.aws.amazon.com/timestream/latest/developerguide/API_RejectedRecord.html">publishes</a>
         * no sentence for a measure of another type than the table's column, so none is expected: a measure is
         * named where its name stands in quotes, or, without any such, where it is a word of a reason that speaks
         * of a type. Where several are named, none is to blame alone.
         */
        String blamed(Record record) {
            if (existingVersion != null || !(record.measured() instanceof Measured.Multi multi)) {
                return null;
            }
            List<String> names = multi.values().stream().map(MeasureValue::name).toList();
            List<String> blamed = named(names, QUOTED);
            if (blamed.isEmpty() && reason.contains("type")) {
                blamed = named(names, WORD);
            }
            return blamed.size() == 1 ? blamed.get(0) : null;
        }

        private List<String> named(List<String> names, String form) {
            return names.stream()
                    .filter(name -> Pattern.compile(form.formatted(Pattern.quote(name)))
                            .matcher(reason)
                            .find())
                    .toList();
        }
    }

    /** A name in quotes, and as a word of its own. */
    String QUOTED = "([\"'`])%1$s\\1|\\[%1$s\\]";

    String WORD = "(?<![\\p{L}\\p{N}_-])%s(?![\\p{L}\\p{N}_-])";

    /** Status of a request that is too large for something on its way. */
    int TOO_LARGE = 413;

    /** Status of a service that asks for fewer requests. */
    int TOO_MANY = 429;

    /** Status from which on the service is to blame. */
    int SERVER_ERRORS = 500;

    /** What {@code failure} ({@code null}: none) of a request of {@code sent} records means. */
    static Answer of(Throwable failure, int sent) {
        if (failure == null) {
            return new Stored();
        }
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof RejectedRecordsException rejected) {
            return refused(rejected, sent);
        } else if (cause instanceof ValidationException invalid) {
            return new Invalid(words(invalid));
        } else if (cause instanceof ThrottlingException) {
            return new Throttled();
        } else if (cause instanceof InternalServerException || cause instanceof InvalidEndpointException) {
            return new Unavailable(cause.toString());
        } else if (cause instanceof AwsServiceException service) {
            int status = service.statusCode();
            if (status == TOO_LARGE) {
                return new Invalid(words(service));
            } else if (status == TOO_MANY || service.isThrottlingException()) {
                return new Throttled();
            } else if (status >= SERVER_ERRORS) {
                return new Unavailable(cause.toString());
            }
            return new Unusable(cause.toString());
        }
        // No connection, no answer in time, no credentials yet: the client knows no more than that.
        return new Unavailable(String.valueOf(cause));
    }

    private static Answer refused(RejectedRecordsException rejected, int sent) {
        List<Refusal> refusals = new ArrayList<>();
        for (RejectedRecord record : rejected.rejectedRecords()) {
            Integer index = record.recordIndex();
            if (index == null || index < 0 || index >= sent) {
                refusals.clear();
                break;
            }
            String reason = record.reason() == null ? "the store gives no reason" : record.reason();
            refusals.add(new Refusal(index, reason, record.existingVersion()));
        }
        // It says that some are not stored, but not which: so none may count as stored.
        return refusals.isEmpty() ? new Unusable(rejected.toString()) : new Refused(refusals);
    }

    private static String words(AwsServiceException error) {
        return error.awsErrorDetails() == null || error.awsErrorDetails().errorMessage() == null
                ? error.toString()
                : error.awsErrorDetails().errorMessage();
    }
}
