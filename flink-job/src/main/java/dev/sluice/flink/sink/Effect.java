package dev.sluice.flink.sink;

import java.util.List;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/**
 * What a request did to its records, by the store's answer.
 *
 * <p>What its errors mean that are its own, the store's package knows; {@link #of} what they mean of any service.
 */
public sealed interface Effect {
    /** All are stored. */
    Effect STORED = new Written(0, List.of());

    /** Status of a request that is too large for something on its way. */
    int TOO_LARGE = 413;

    /** Status of a service that asks for fewer requests. */
    int TOO_MANY = 429;

    /** Status from which on the service is to blame. */
    int SERVER_ERRORS = 500;

    /**
     * All are stored but some.
     *
     * @param superseded how many are not, because a later version of them is there
     * @param refusals the others that are not
     */
    record Written(int superseded, List<Refusal> refusals) implements Effect {}

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

    /** The error behind {@code failure} of a request. */
    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException ? failure.getCause() : failure;
    }

    /** What {@code cause}, an error that no service has for itself, means. */
    static Effect of(Throwable cause) {
        if (cause instanceof AwsServiceException service) {
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

    /** What {@code error} says to people. */
    static String words(AwsServiceException error) {
        return error.awsErrorDetails() == null || error.awsErrorDetails().errorMessage() == null
                ? error.toString()
                : error.awsErrorDetails().errorMessage();
    }
}
