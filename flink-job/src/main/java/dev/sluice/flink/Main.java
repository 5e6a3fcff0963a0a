package dev.sluice.flink;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import dev.sluice.flink.local.LocalArguments;
import dev.sluice.flink.local.LocalRun;
import java.io.PrintStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The entry point of the JAR. On Managed Service for Apache Flink it takes no arguments: the service has
 * the properties, the checkpoints and the snapshots. With {@code --local} it runs the same job in this
 * process:
 *
 * <pre>
 * java -cp "flink-job.jar:flink-local/lib/*" dev.sluice.flink.Main
 *     --local --properties FILE --state DIR [--web-port N]
 * </pre>
 */
public final class Main {
    /** Exit status for arguments or properties that a person has to change. */
    private static final int USAGE = 2;

    private Main() {}

    /**
     * Runs the job.
     *
     * @param arguments none on the service
     * @throws Exception when the job cannot be started
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            local(arguments);
            return;
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        Job.describe(environment, JobProperties.of(KinesisAnalyticsRuntime.getApplicationProperties()));
        environment.execute();
    }

    private static void local(String[] arguments) throws Exception {
        // Before anything writes a line.
        System.setProperty("log4j2.configurationFile", "log4j2-local.properties");
        try {
            LocalRun.run(LocalArguments.parse(arguments));
        } catch (LocalArguments.UsageException | JobProperties.InvalidException wrong) {
            PrintStream errors = System.err;
            errors.println("flink-job: " + wrong.getMessage());
            System.exit(USAGE);
        }
    }
}
