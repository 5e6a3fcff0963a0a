package dev.sluice.flink.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Up to the order of its parameters, what {@code generate_db_auth_token} of boto3 1.43 makes of the same at the same time. */
final class TokenTest {
    private static final String HOST = "sluice-dev.cluster-abc.eu-central-1.rds.amazonaws.com";
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC);

    private record Case(AwsCredentialsIdentity identity, String credential, String signed) {}

    static List<Case> cases() {
        return List.of(
                new Case(
                        AwsBasicCredentials.create("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                        "AKIDEXAMPLE",
                        "X-Amz-Signature=ffc9d6f6b038d8991057a6f0d34f54d65cb231e8c8cc879b5699ff1d8fb25f38"),
                new Case(
                        AwsSessionCredentials.create("ASIAEXAMPLE", "secret", "to/ken+="),
                        "ASIAEXAMPLE",
                        "X-Amz-Security-Token=to%2Fken%2B%3D"
                                + "&X-Amz-Signature=a0b7a30b688a55fce7d71fa91532e02657948b1ce5ea03af35d385388730d3ba"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aTokenIsASignedRequestToConnect(Case given) {
        String wanted = HOST + ":5432/?Action=connect&DBUser=sluice_consumer&X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=" + given.credential()
                + "%2F20260102%2Feu-central-1%2Frds-db%2Faws4_request&X-Amz-Date=20260102T030405Z"
                + "&X-Amz-Expires=900&X-Amz-SignedHeaders=host&" + given.signed();
        String token = Token.of(given.identity(), "eu-central-1", HOST, 5432, Postgres.CONSUMER, CLOCK);
        assertTrue(token.startsWith(HOST + ":5432/?Action=connect&DBUser=sluice_consumer&"), token);
        assertEquals(parameters(wanted), parameters(token));
    }

    private static List<String> parameters(String token) {
        return Arrays.stream(token.split("[?&]")).sorted().toList();
    }
}
