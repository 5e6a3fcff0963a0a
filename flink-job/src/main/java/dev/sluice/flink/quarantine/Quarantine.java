package dev.sluice.flink.quarantine;

import dev.sluice.flink.Clients;
import dev.sluice.flink.sink.Quiet;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;

/** Where events go that cannot be stored: a queue, and a bucket for what is too large for it. */
public final class Quarantine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

    /** Messages of one request. */
    static final int MAX_MESSAGES = 10;

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

    private record Letter(Inmate inmate, String body, int bytes) {}

    /**
     * Keeps events, in one attempt beyond those that the clients make by themselves.
     *
     * @return those that are not kept, once it is known of all; it never completes exceptionally
     */
    public CompletableFuture<List<Inmate>> keep(List<Inmate> inmates) {
        List<CompletableFuture<Letter>> letters =
                inmates.stream().map(this::letter).toList();
        return all(letters).thenCompose(written -> {
            List<Letter> ready = new ArrayList<>();
            List<Inmate> lost = new ArrayList<>();
            for (int at = 0; at < inmates.size(); at++) {
                if (written.get(at) == null) {
                    lost.add(inmates.get(at));
                } else {
                    ready.add(written.get(at));
                }
            }
            List<CompletableFuture<List<Inmate>>> sent =
                    requests(ready).stream().map(this::send).toList();
            return all(sent).thenApply(unsent -> {
                unsent.forEach(lost::addAll);
                return lost;
            });
        });
    }

    /** The message of an event, once its bytes are safe; {@code null} if they are not. */
    private CompletableFuture<Letter> letter(Inmate inmate) {
        String body = Message.withData(inmate);
        int bytes = Message.bytes(body);
        if (bytes <= Message.MAX_BYTES) {
            return CompletableFuture.completedFuture(new Letter(inmate, body, bytes));
        }
        String key = Message.objectKey(inmate.delivery());
        return s3.putObject(
                        put -> put.bucket(place.bucket()).key(key),
                        AsyncRequestBody.fromBytes(inmate.delivery().data()))
                .handle((done, failure) -> {
                    if (failure != null) {
                        tell("the bucket " + place.bucket() + " did not take " + key + ": " + failure);
                        return null;
                    }
                    String pointer = Message.withObject(inmate, place.bucket());
                    return new Letter(inmate, pointer, Message.bytes(pointer));
                });
    }

    private CompletableFuture<List<Inmate>> send(List<Letter> letters) {
        List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
        for (int at = 0; at < letters.size(); at++) {
            entries.add(SendMessageBatchRequestEntry.builder()
                    .id(Integer.toString(at))
                    .messageBody(letters.get(at).body())
                    .build());
        }
        return sqs.sendMessageBatch(send -> send.queueUrl(place.queueUrl()).entries(entries))
                .handle((response, failure) -> {
                    if (failure != null) {
                        tell("the queue " + place.queueUrl() + " did not take events: " + failure);
                        return letters.stream().map(Letter::inmate).toList();
                    }
                    return untaken(letters, response);
                });
    }

    private void tell(String trouble) {
        if (quiet.mayTell()) {
            LOG.error("quarantine, trying again: {}", trouble);
        }
    }

    private List<Inmate> untaken(List<Letter> letters, SendMessageBatchResponse response) {
        response.failed()
                .forEach(failed -> tell("the queue " + place.queueUrl() + " refused a message: " + failed.code() + " "
                        + failed.message()));
        Set<String> taken = new HashSet<>();
        response.successful().forEach(one -> taken.add(one.id()));
        List<Inmate> untaken = new ArrayList<>();
        for (int at = 0; at < letters.size(); at++) {
            if (!taken.contains(Integer.toString(at))) {
                untaken.add(letters.get(at).inmate());
            }
        }
        return untaken;
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
