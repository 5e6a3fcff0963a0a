package dev.sluice.flink.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.PGProperty;

final class RootsTest {
    @TempDir
    private Path folder;

    private static Properties naming(Path file) {
        Properties properties = new Properties();
        PGProperty.SSL_ROOT_CERT.set(properties, file.toString());
        return properties;
    }

    @Test
    void theRootsOfAmazonAreInTheJar() throws Exception {
        assertTrue(new Roots(new Properties()).getSupportedCipherSuites().length > 0);
        try (InputStream bundle = Roots.class.getResourceAsStream("global-bundle.pem")) {
            var roots = CertificateFactory.getInstance("X.509").generateCertificates(bundle);
            assertTrue(roots.size() > 80, roots.size() + " certificates");
            roots.forEach(root -> {
                String subject =
                        ((X509Certificate) root).getSubjectX500Principal().getName();
                assertTrue(subject.contains("Amazon RDS "), subject);
            });
        }
    }

    @Test
    void aFileThatIsNamedHasToHaveACertificate() throws IOException {
        Path absent = folder.resolve("absent.pem");
        assertThrows(FileNotFoundException.class, () -> new Roots(naming(absent)));
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        assertEquals(
                "no certificate in the file",
                assertThrows(IOException.class, () -> new Roots(naming(empty))).getMessage());
        Path other = Files.writeString(
                folder.resolve("other.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertThrows(CertificateException.class, () -> new Roots(naming(other)));
    }
}
