package dev.sluice.flink;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests that share a cluster of Flink, beside the services that the job talks to. */
abstract class OnCluster {
    static Cluster cluster;

    @BeforeAll
    static void start() throws Exception {
        Services.running();
        cluster = new Cluster();
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
    }
}
