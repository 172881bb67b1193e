package shop;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the operator tells a service about its place in a shop. A service that does not know its release must not start: it would break the record of who answered. */
public final class Config {
    public final String service;
    public final String shop;
    public final String release;
    public final String version;
    public final String logLevel;
    public final String databaseUrl;
    public final int port;
    public final int metricsPort;
    public final int connections;
    public final int inFlight;
    public final long drainDelay;
    public final long drainLimit;
    /** Where keys of tokens are: a text, a file, the services' own as a text, an address; each may be null. */
    final String jwks;
    final String jwksFile;
    final String serviceJwks;
    final String jwksUrl;

    private final Map<String, String> env;
    private final List<String> wrong = new ArrayList<>();

    /** Reads the environment; throws one error that names all that is wrong. */
    public Config(Map<String, String> env, String name) {
        this.env = env;
        service = read("SHOP_SERVICE", name, "", s -> s);
        shop = read("SHOP", null, "", s -> s);
        release = read("SHOP_RELEASE", null, "", s -> s);
        version = version(env);
        logLevel = read("LOG_LEVEL", "info", "one of debug, info, warn, error", s -> s.matches("(?i)debug|info|warn|error") ? s.toLowerCase() : null);
        databaseUrl = read("DATABASE_URL", null, null, Config::database);
        port = read("PORT", 8080, "a port", s -> number(s, 0, 65535));
        metricsPort = read("METRICS_PORT", 9090, "a port", s -> number(s, 0, 65535));
        // At least two: one looks whether the schema fits, the others serve.
        connections = read("DB_POOL_MAX", 4, "a number of connections from 2 to 100", s -> number(s, 2, 100));
        inFlight = read("MAX_IN_FLIGHT", 64, "a number of requests from 1 to 65535", s -> number(s, 1, 65535));
        drainDelay = read("DRAIN_DELAY", 5000L, "a duration such as 5s", Config::duration);
        drainLimit = read("DRAIN_LIMIT", 20_000L, "a duration such as 5s", Config::duration);
        jwks = env.get("SHOP_JWKS");
        jwksFile = env.get("SHOP_JWKS_FILE");
        serviceJwks = env.get("SHOP_SERVICE_JWKS");
        String auth = first(env.get("AUTH_URL"), "");
        jwksUrl = first(env.get("SHOP_JWKS_URL"), auth.isEmpty() ? "" : auth.replaceAll("/+$", "") + "/.well-known/jwks.json");
        if (!wrong.isEmpty()) throw new IllegalArgumentException("reading the environment: " + String.join("; ", wrong));
    }

    /** The image does not know its version, or a commit that changes nothing would make another image: who deploys it tells, else the shop's stands for it. */
    public static String version(Map<String, String> env) {
        return first(env.get("IMAGE_VERSION"), env.get("SHOP_VERSION"), "dev");
    }

    static String first(String... of) {
        for (String s : of) if (s != null && !s.isEmpty()) return s;
        return "";
    }

    /** `what` is null where the text is a secret. */
    private <T> T read(String name, T fallback, String what, Function<String, T> parse) {
        String text = env.get(name);
        if (text == null || text.isEmpty()) {
            if (fallback == null) wrong.add(name + " is not set");
            return fallback;
        }
        T value = parse.apply(text);
        if (value == null) wrong.add(what == null ? name + " is not an address of PostgreSQL" : name + " is \"" + text + "\", not " + what);
        return value == null ? fallback : value;
    }

    static Integer number(String s, int least, int most) {
        if (!s.matches("\\d{1,9}")) return null;
        int n = Integer.parseInt(s);
        return n >= least && n <= most ? n : null;
    }

    private static final Pattern PART = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");
    private static final Map<String, Integer> UNITS = Map.of("ms", 1, "s", 1000, "m", 60_000, "h", 3_600_000);

    /** Durations are written as Go writes them: 5s, 300ms, 1m30s. In milliseconds, or null. */
    static Long duration(String s) {
        if (s.equals("0")) return 0L;
        Matcher m = PART.matcher(s);
        double total = 0;
        int end = 0;
        for (; m.find() && m.start() == end; end = m.end()) total += Double.parseDouble(m.group(1)) * UNITS.get(m.group(2));
        return end == s.length() && end > 0 ? (long) total : null;
    }

    private static String database(String s) {
        try {
            URI url = URI.create(s);
            return url.getScheme() != null && url.getScheme().matches("postgres(ql)?") && url.getHost() != null ? s : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
