package dev.sluice.flink;

/** The entry point of the JAR. */
public final class Main {
    private Main() {}

    /**
     * Runs the job.
     *
     * @param arguments none on the service
     */
    public static void main(String[] arguments) {}
}
