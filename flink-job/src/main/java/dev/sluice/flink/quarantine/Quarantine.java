package dev.sluice.flink.quarantine;

import dev.sluice.flink.Clients;
import dev.sluice.flink.sink.Quiet;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SqsException;

/** Where events go that cannot be stored: a queue, and a bucket for what the queue does not take. */
public final class Quarantine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    /** Messages of one request. */
    static final int MAX_MESSAGES = 10;

    /**
     * Errors of a whole request that are about what is in its messages
     * (<a href="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html">errors</a>).
     */
    private static final Set<String> ABOUT_MESSAGES =
            Set.of("BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue");

    /**
     * The names of a quarantine.
     *
     * @param region Region of both
     * @param queueUrl the queue
     * @param bucket the bucket, for objects under {@code quarantine/<date>/<sequence number>}
     */
    public record Place(String region, String queueUrl, String bucket) implements Serializable {
        /** The quarantine, with clients that the caller closes. */
        public Quarantine open() {
            return new Quarantine(this);
        }
    }

    private final Place place;
    private final SqsAsyncClient sqs;
    private final S3AsyncClient s3;
    private final Quiet quiet = new Quiet();

    private Quarantine(Place place) {
        this.place = place;
        this.sqs = Clients.sqs(place.region());
        this.s3 = Clients.s3(place.region());
    }

    private record Letter(QuarantinedEvent event, String body, int bytes) {}

    /** Events that are not in the queue: those that it refuses as they are, and all others. */
    private record Outside(List<QuarantinedEvent> refused, List<QuarantinedEvent> others) {
        private static Outside of(List<Outside> parts) {
            return new Outside(
                    parts.stream().flatMap(part -> part.refused.stream()).toList(),
                    parts.stream().flatMap(part -> part.others.stream()).toList());
        }
    }

    /**
     * Keeps events, in one attempt beyond those that the clients make by themselves. The bytes of one whose
     * message the queue refuses, as it does with what is larger than it takes or has characters that it does
     * not take, go into the bucket, as those of one that is too large.
     *
     * @return those that are not kept, once it is known of all; it never completes exceptionally
     */
    public CompletableFuture<List<QuarantinedEvent>> keep(List<QuarantinedEvent> events) {
        return deliver(events, this::letter)
                .thenCompose(first -> deliver(first.refused(), this::pointer)
                        .thenApply(second -> Stream.of(first.others(), second.refused(), second.others())
                                .flatMap(List::stream)
                                .toList()));
    }

    private CompletableFuture<Outside> deliver(
            List<QuarantinedEvent> events, Function<QuarantinedEvent, CompletableFuture<Optional<Letter>>> write) {
        return all(events.stream().map(write).toList()).thenCompose(written -> {
            List<Letter> letters = new ArrayList<>();
            List<QuarantinedEvent> unwritten = new ArrayList<>();
            for (int at = 0; at < events.size(); at++) {
                QuarantinedEvent event = events.get(at);
                written.get(at).ifPresentOrElse(letters::add, () -> unwritten.add(event));
            }
            List<CompletableFuture<Outside>> sent = new ArrayList<>();
            sent.add(CompletableFuture.completedFuture(new Outside(List.of(), unwritten)));
            requests(letters).forEach(request -> sent.add(send(request)));
            return all(sent).thenApply(Outside::of);
        });
    }

    /** The message of an event, once its bytes are safe; none if they are not. */
    private CompletableFuture<Optional<Letter>> letter(QuarantinedEvent event) {
        String body = Message.withData(event);
        int bytes = Message.bytes(body);
        return bytes <= Message.MAX_BYTES
                ? CompletableFuture.completedFuture(Optional.of(new Letter(event, body, bytes)))
                : pointer(event);
    }

    /** The message that says where the bytes are, once they are there; none if they are not. */
    private CompletableFuture<Optional<Letter>> pointer(QuarantinedEvent event) {
        String key = Message.objectKey(event.delivery());
        return s3.putObject(
                        put -> put.bucket(place.bucket()).key(key),
                        AsyncRequestBody.fromBytes(event.delivery().data()))
                .handle((done, failure) -> {
                    if (failure != null) {
                        tell("the bucket " + place.bucket() + " did not take " + key + ": " + failure);
                        return Optional.empty();
                    }
                    String body = Message.withObject(event, place.bucket());
                    return Optional.of(new Letter(event, body, Message.bytes(body)));
                });
    }

    private CompletableFuture<Outside> send(List<Letter> letters) {
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
        for (int at = 0; at < letters.size(); at++) {
            entries.add(SendMessageBatchRequestEntry.builder()
                    .id(Integer.toString(at))
                    .messageBody(letters.get(at).body())
                    .build());
        }
        return sqs.sendMessageBatch(send -> send.queueUrl(place.queueUrl()).entries(entries))
                .handle((response, failure) -> failure == null
                        ? CompletableFuture.completedFuture(outside(letters, response))
                        : outside(letters, failure))
                .thenCompose(Function.identity());
    }

    /** A request that the queue refuses for what is in it is sent message by message, to find which. */
    private CompletableFuture<Outside> outside(List<Letter> letters, Throwable failure) {
        tell("the queue " + place.queueUrl() + " did not take events: " + failure);
        if (!isAboutMessages(failure)) {
            return CompletableFuture.completedFuture(new Outside(List.of(), events(letters)));
        }
        return letters.size() == 1
                ? CompletableFuture.completedFuture(new Outside(events(letters), List.of()))
                : all(letters.stream().map(letter -> send(List.of(letter))).toList())
                        .thenApply(Outside::of);
    }

    private static boolean isAboutMessages(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof SqsException refusal
                && refusal.awsErrorDetails() != null
                && ABOUT_MESSAGES.contains(refusal.awsErrorDetails().errorCode().replaceFirst(".*[.]", ""));
    }

    private Outside outside(List<Letter> letters, SendMessageBatchResponse response) {
        Set<String> taken = new HashSet<>();
        response.successful().forEach(one -> taken.add(one.id()));
        Set<String> refused = new HashSet<>();
        response.failed().forEach(failed -> {
            tell("the queue " + place.queueUrl() + " refused a message: " + failed.code() + " " + failed.message());
            if (failed.senderFault()) {
                refused.add(failed.id());
            }
        });
        List<Letter> forEver = new ArrayList<>();
        List<Letter> forNow = new ArrayList<>();
        for (int at = 0; at < letters.size(); at++) {
            String id = Integer.toString(at);
            if (!taken.contains(id)) {
                (refused.contains(id) ? forEver : forNow).add(letters.get(at));
            }
        }
        return new Outside(events(forEver), events(forNow));
    }

    private static List<QuarantinedEvent> events(List<Letter> letters) {
        return letters.stream().map(Letter::event).toList();
    }

    private void tell(String trouble) {
        if (quiet.mayTell()) {
            LOG.error("quarantine, trying again: {}", trouble);
        }
    }

    /** Divides messages into requests of the permitted count and size. */
    private static List<List<Letter>> requests(List<Letter> letters) {
        List<List<Letter>> requests = new ArrayList<>();
        int bytes = 0;
        for (Letter letter : letters) {
            List<Letter> last = requests.isEmpty() ? null : requests.get(requests.size() - 1);
            if (last == null || last.size() == MAX_MESSAGES || bytes + letter.bytes() > Message.MAX_BYTES) {
                last = new ArrayList<>();
                requests.add(last);
                bytes = 0;
            }
            last.add(letter);
            bytes += letter.bytes();
        }
        return requests;
    }

    private static <T> CompletableFuture<List<T>> all(List<CompletableFuture<T>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    List<T> values = new ArrayList<>();
                    futures.forEach(future -> values.add(future.join()));
                    return values;
                });
    }

    @Override
    public void close() {
        quiet.end();
        sqs.close();
        s3.close();
    }
}
