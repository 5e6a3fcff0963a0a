package dev.sluice.flink.timestream;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.timestreamwrite.model.InternalServerException;
import software.amazon.awssdk.services.timestreamwrite.model.InvalidEndpointException;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecord;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecordsException;
import software.amazon.awssdk.services.timestreamwrite.model.ThrottlingException;
import software.amazon.awssdk.services.timestreamwrite.model.ValidationException;

/**
 * What a request did to its records, by the store's answer.
 *
 * <p>The only place that knows the service's errors.
 */
sealed interface Effect {
    /** All are stored. */
    record Stored() implements Effect {}

    /**
     * All are stored but these.
     *
     * @param refusals at least one
     */
    record Refused(List<Refusal> refusals) implements Effect {}

    /**
     * None is stored, because one or more break a rule. Which, it does not say.
     *
     * @param reason the service's words
     */
    record Invalid(String reason) implements Effect {}

    /** None is stored; the service asks for fewer requests. */
    record Throttled() implements Effect {}

    /**
     * Perhaps none is stored: the service failed, or did not answer.
     *
     * @param cause for the log
     */
    record Unavailable(String cause) implements Effect {}

    /**
     * None is stored, and that stays so until somebody changes something: a permission, a table.
     *
     * @param cause for the log
     */
    record Unusable(String cause) implements Effect {}

    /** Status of a request that is too large for something on its way. */
    int TOO_LARGE = 413;

    /** Status of a service that asks for fewer requests. */
    int TOO_MANY = 429;

    /** Status from which on the service is to blame. */
    int SERVER_ERRORS = 500;

    /** What {@code failure} ({@code null}: none) of a request of {@code sent} records means. */
    static Effect of(Throwable failure, int sent) {
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

    private static Effect refused(RejectedRecordsException rejected, int sent) {
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
