package shop;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One JSON object a line. What is said of a request carries its trace and its route: never its path, which may hold what a customer sent. */
public final class Log {
    private static final List<String> LEVELS = List.of("debug", "info", "warn", "error");
    private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.err);
    private static final ThreadLocal<Map<String, Object>> ABOUT = new ThreadLocal<>();
    private static volatile Map<String, Object> fixed = Map.of();
    private static volatile int least = 1;

    private Log() {}

    /** Names who logs, and the least level that is written. */
    public static void as(Config config) {
        fixed = Json.of("service", config.service, "release", config.release);
        least = LEVELS.indexOf(config.logLevel);
    }

    /** What this thread answers now, or null. */
    static void about(String trace, String route) {
        if (trace == null) ABOUT.remove();
        else ABOUT.set(Json.of("trace", trace, "route", route));
    }

    public static void info(String msg, Object... fields) {
        write(1, msg, fields);
    }

    public static void warn(String msg, Object... fields) {
        write(2, msg, fields);
    }

    public static void error(String msg, Object... fields) {
        write(3, msg, fields);
    }

    /** An error as a field: PostgreSQL's first line alone, since those behind it repeat what a statement was given. */
    public static String told(Throwable error) {
        String text = error.getClass().getSimpleName() + ": " + String.valueOf(error.getMessage()).split("\n", 2)[0];
        return error instanceof java.sql.SQLException e ? text + " (" + e.getSQLState() + ")" : text;
    }

    /** Where in the code: names of classes and lines, no values. */
    static String where(Throwable error) {
        StringBuilder all = new StringBuilder();
        for (StackTraceElement e : error.getStackTrace()) if (all.length() < 1000) all.append(e).append(' ');
        return all.toString();
    }

    private static void write(int level, String msg, Object[] fields) {
        if (level < least) return;
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        line.put("level", LEVELS.get(level).toUpperCase());
        line.put("msg", msg);
        line.putAll(fixed);
        if (ABOUT.get() != null) line.putAll(ABOUT.get());
        line.putAll(Json.of(fields));
        byte[] bytes = (Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            OUT.write(bytes); // one write: lines of two threads do not mix
        } catch (IOException e) {
            // nobody reads the log: the service goes on
        }
    }
}
