package dev.sluice.flink.postgres;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.postgresql.PGProperty;
import org.postgresql.ssl.WrappedFactory;

/**
 * TLS to a server whose certificate has one of <a
 * href="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html">Amazon RDS's roots</a>, or
 * one of the file that the property {@code sslrootcert} of the connection names. Those of the Java machine count for
 * nothing. That the certificate is the server's, the driver compares itself.
 *
 * <p>It is public because the driver makes one by its name for each connection.
 */
public final class Roots extends WrappedFactory {
    private static final String BUNDLE = "global-bundle.pem";

    /** Amazon RDS's: read once, because they are many. */
    private static final class Shipped {
        private static final SSLSocketFactory FACTORY = read();

        private static SSLSocketFactory read() {
            try (InputStream file = Roots.class.getResourceAsStream(BUNDLE)) {
                if (file == null) {
                    throw new FileNotFoundException("the JAR has no " + BUNDLE + "; build it again");
                }
                return trusting(file);
            } catch (IOException | GeneralSecurityException none) {
                throw new IllegalStateException("no certificates of Amazon RDS: " + none.getMessage(), none);
            }
        }
    }

    /**
     * The sockets of a connection with such properties.
     *
     * @throws IOException if the file that they name cannot be read, or has no certificate
     * @throws GeneralSecurityException if something in it is no certificate
     */
    public Roots(Properties properties) throws IOException, GeneralSecurityException {
        String named = PGProperty.SSL_ROOT_CERT.getOrDefault(properties);
        if (named == null) {
            factory = Shipped.FACTORY;
            return;
        }
        try (InputStream file = new FileInputStream(named)) {
            factory = trusting(file);
        }
    }

    private static SSLSocketFactory trusting(InputStream pem) throws IOException, GeneralSecurityException {
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        for (Certificate root : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
            roots.setCertificateEntry("root " + roots.size(), root);
        }
        if (roots.size() == 0) {
            throw new IOException("no certificate in the file");
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }
}
