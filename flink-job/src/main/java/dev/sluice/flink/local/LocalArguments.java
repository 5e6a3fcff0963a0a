package dev.sluice.flink.local;

import java.nio.file.Path;

/**
 * What the command line says.
 *
 * @param properties the properties of the application, in the form of {@code application_properties.json}
 * @param state the folder that survives the process
 * @param webPort port of the web UI; 0 takes any free one
 */
public record LocalArguments(Path properties, Path state, int webPort) {
    private static final String USAGE = "usage: --local --properties FILE --state DIR [--web-port N]";
    private static final int MAX_PORT = 65_535;

    /** A command line that is not understood. */
    public static final class UsageException extends Exception {
        private static final long serialVersionUID = 1;

        private UsageException(String wrong) {
            super(wrong + "; " + USAGE);
        }
    }

    /** Reads a command line. */
    public static LocalArguments parse(String... arguments) throws UsageException {
        boolean local = false;
        Path properties = null;
        Path state = null;
        int webPort = 0;
        for (int at = 0; at < arguments.length; at++) {
            switch (arguments[at]) {
                case "--local" -> local = true;
                case "--properties" -> properties = Path.of(value(arguments, at++));
                case "--state" -> state = Path.of(value(arguments, at++));
                case "--web-port" -> webPort = port(value(arguments, at++));
                default -> throw new UsageException(arguments[at] + " is not an argument");
            }
        }
        if (!local || properties == null || state == null) {
            throw new UsageException("--local, --properties and --state are needed");
        }
        return new LocalArguments(properties, state.toAbsolutePath(), webPort);
    }

    private static String value(String[] arguments, int at) throws UsageException {
        if (at + 1 == arguments.length) {
            throw new UsageException(arguments[at] + " needs a value");
        }
        return arguments[at + 1];
    }

    private static int port(String text) throws UsageException {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // The same as a number out of range.
        }
        throw new UsageException(text + " is not a port");
    }
}
