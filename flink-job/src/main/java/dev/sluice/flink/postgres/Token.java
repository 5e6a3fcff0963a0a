package dev.sluice.flink.postgres;

import java.time.Clock;
import java.time.Duration;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * The password of an IAM identity: a presigned request that is never sent. It is checked when a connection is made, and
 * not again while that lasts.
 *
 * <p>{@code RdsUtilities} of the SDK makes the same, in a module of 6 MB
 * (<a href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html">IAM database
 * authentication</a>).
 */
final class Token {
    private static final String SCHEME = "https://";
    private static final Duration VALID = Duration.ofMinutes(15);

    private Token() {}

    /** A password of {@code role} at a server, for the next 15 minutes. */
    static String of(AwsCredentialsIdentity identity, String region, String host, int port, String role, Clock clock) {
        SdkHttpRequest connect = SdkHttpRequest.builder()
                .method(SdkHttpMethod.GET)
                .protocol("https")
                .host(host)
                .port(port)
                .encodedPath("/")
                .appendRawQueryParameter("Action", "connect")
                .appendRawQueryParameter("DBUser", role)
                .build();
        String url = AwsV4HttpSigner.create()
                .sign(request -> request.request(connect)
                        .identity(identity)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "rds-db")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                        .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, VALID)
                        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, clock))
                .request()
                .getUri()
                .toString();
        return url.substring(SCHEME.length());
    }
}
