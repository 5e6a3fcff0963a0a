package dev.sluice.flink;

import dev.sluice.flink.domain.Model;
import dev.sluice.flink.postgres.DataApi;
import dev.sluice.flink.postgres.Database;
import dev.sluice.flink.postgres.Direct;
import dev.sluice.flink.postgres.Way;
import dev.sluice.flink.quarantine.Quarantine;
import dev.sluice.flink.sink.Store;
import dev.sluice.flink.timestream.Table;
import dev.sluice.flink.timestream.Timestream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What the application's properties say: where events come from and where they go, and what devices send.
 *
 * @param streamArn the stream
 * @param region Region of everything
 * @param store where records go
 * @param quarantineUrl the queue of the quarantine
 * @param rejectedBucket the bucket for what is too large for the queue
 * @param bufferMegabytes megabytes of events that a subtask holds while the store does not take them
 * @param environment name of the environment
 * @param model the text of the model
 */
public record JobProperties(
        String streamArn,
        String region,
        Store store,
        String quarantineUrl,
        String rejectedBucket,
        int bufferMegabytes,
        String environment,
        String model)
        implements Serializable {
    private static final String PIPELINE = "pipeline";
    private static final String MODEL = "model";
    private static final String CHUNK = "json.";

    /** Says which store it is; without it, it is the first. */
    private static final String STORE = "Store";

    private static final String TIMESTREAM = "timestream";
    private static final String POSTGRES = "postgres";

    /** Says how PostgreSQL is reached; without it, by the first. */
    private static final String CONNECTION = "Connection";

    private static final String DATA_API = "data-api";
    private static final String DIRECT = "direct";
    private static final int MOST_PORT = 65_535;

    /** Properties that do not say what they must. */
    public static final class InvalidException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private InvalidException(String message) {
            super(message);
        }
    }

    /**
     * Reads the groups of the application.
     *
     * @throws InvalidException for every property that is missing, and for a model that is none
     */
    public static JobProperties of(Map<String, Properties> groups) {
        List<String> missing = new ArrayList<>();
        Properties pipeline = groups.getOrDefault(PIPELINE, new Properties());
        String model = model(groups.getOrDefault(MODEL, new Properties()));
        if (model.isEmpty()) {
            missing.add(MODEL + "." + CHUNK + "00");
        }
        String streamArn = property(pipeline, "StreamArn", missing);
        String region = property(pipeline, "Region", missing);
        JobProperties properties = new JobProperties(
                streamArn,
                region,
                store(pipeline, region, missing),
                property(pipeline, "QuarantineUrl", missing),
                property(pipeline, "RejectedBucket", missing),
                count(pipeline, "BufferMegabytes", missing),
                property(pipeline, "Environment", missing),
                model);
        if (!missing.isEmpty()) {
            throw new InvalidException(
                    "the application's properties lack " + String.join(", ", missing) + "; deploy the consumer again");
        }
        properties.parsedModel();
        return properties;
    }

    private static Store store(Properties pipeline, String region, List<String> missing) {
        String database = property(pipeline, "Database", missing);
        String table = property(pipeline, "Table", missing);
        String kind = pipeline.getProperty(STORE, TIMESTREAM);
        return switch (kind) {
            case TIMESTREAM ->
                new Table(region, database, table, Timestream.retention(count(pipeline, "MemoryHours", missing)));
            case POSTGRES -> new Database(way(pipeline, region, missing), database, table);
            default -> throw invalid(STORE, kind, TIMESTREAM + " or " + POSTGRES);
        };
    }

    private static Way way(Properties pipeline, String region, List<String> missing) {
        String connection = pipeline.getProperty(CONNECTION, DATA_API);
        return switch (connection) {
            case DATA_API ->
                new DataApi(
                        region, property(pipeline, "ClusterArn", missing), property(pipeline, "SecretArn", missing));
            case DIRECT ->
                new Direct(
                        region,
                        property(pipeline, "Host", missing),
                        port(pipeline, missing),
                        pipeline.getProperty("RootCertificate"));
            default -> throw invalid(CONNECTION, connection, DATA_API + " or " + DIRECT);
        };
    }

    private static int port(Properties pipeline, List<String> missing) {
        int port = count(pipeline, "Port", missing);
        if (port > MOST_PORT) {
            throw invalid("Port", Integer.toString(port), "at most " + MOST_PORT);
        }
        return port;
    }

    private static String property(Properties group, String name, List<String> missing) {
        String value = group.getProperty(name, "");
        if (value.isEmpty()) {
            missing.add(PIPELINE + "." + name);
        }
        return value;
    }

    private static int count(Properties group, String name, List<String> missing) {
        String value = property(group, name, missing);
        try {
            return value.isEmpty() ? 0 : Integer.parseUnsignedInt(value);
        } catch (NumberFormatException invalid) {
            throw invalid(name, value, "a whole number");
        }
    }

    private static InvalidException invalid(String name, String value, String wanted) {
        return new InvalidException("the application's property " + PIPELINE + "." + name + " is \"" + value
                + "\", and must be " + wanted + "; deploy the consumer again");
    }

    /** The chunks, concatenated in the order of their names. */
    private static String model(Properties group) {
        Map<String, String> chunks = new TreeMap<>();
        for (String name : group.stringPropertyNames()) {
            if (name.startsWith(CHUNK)) {
                chunks.put(name, group.getProperty(name));
            }
        }
        return String.join("", chunks.values());
    }

    /** The model. */
    public Model parsedModel() {
        try {
            return Model.parse(model);
        } catch (RuntimeException invalid) {
            throw new InvalidException(
                    "the model in the application's properties is not readable: " + invalid.getMessage());
        }
    }

    /** Bytes of events that a subtask holds while the store does not take them. */
    public long bufferBytes() {
        return (long) bufferMegabytes << 20;
    }

    /** Where everything else goes. */
    public Quarantine.Place quarantine() {
        return new Quarantine.Place(region, quarantineUrl, rejectedBucket);
    }
}
