package shop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Metrics of a process, as Prometheus reads them. No label grows with paths, methods or hosts. */
public final class Metrics {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final double[] BUCKETS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

    private static final class Series {
        final long[] counts = new long[BUCKETS.length + 1];
        double sum;

        synchronized void observe(double seconds) {
            int n = 0;
            while (n < BUCKETS.length && seconds > BUCKETS[n]) n++;
            counts[n]++;
            sum += seconds;
        }

        synchronized void write(String name, String labels, StringBuilder to) {
            long total = 0;
            for (int n = 0; n <= BUCKETS.length; n++) {
                total += counts[n];
                to.append(name).append("_bucket{").append(labels).append(",le=\"").append(n == BUCKETS.length ? "+Inf" : String.valueOf(BUCKETS[n])).append("\"} ").append(total).append('\n');
            }
            to.append(name).append("_sum{").append(labels).append("} ").append(sum).append('\n');
            to.append(name).append("_count{").append(labels).append("} ").append(total).append('\n');
        }
    }

    final AtomicInteger active = new AtomicInteger();
    private final Map<String, Series> durations = new ConcurrentSkipListMap<>();
    private final String version;

    public Metrics(String version) {
        this.version = version;
    }

    void observe(String route, String method, int status, double seconds) {
        String labels = "route=\"" + route + "\",method=\"" + (METHODS.contains(method) ? method : "other") + "\",status=\"" + status + "\"";
        durations.computeIfAbsent(labels, of -> new Series()).observe(seconds);
    }

    String text() {
        StringBuilder to = new StringBuilder(4096);
        String name = "http_server_request_duration_seconds";
        head(to, name, "histogram", "How long requests took, from the request's header to the end of the answer.");
        durations.forEach((labels, series) -> series.write(name, labels, to));
        gauge(to, "http_server_active_requests", "Requests that are being answered.", active.get());
        head(to, "build_info", "gauge", "The image's version.");
        to.append("build_info{version=\"").append(version.replaceAll("[\\\\\"\\n]", "")).append("\"} 1\n");
        Runtime java = Runtime.getRuntime();
        gauge(to, "process_resident_memory_bytes", "Resident memory.", resident());
        gauge(to, "jvm_heap_used_bytes", "What Java's heap holds, with what nobody needs any more.", java.totalMemory() - java.freeMemory());
        gauge(to, "jvm_heap_max_bytes", "How large Java's heap may become.", java.maxMemory());
        return to.toString();
    }

    private static long resident() {
        try {
            return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
        } catch (IOException e) {
            return 0;
        }
    }

    private static void gauge(StringBuilder to, String name, String help, long value) {
        head(to, name, "gauge", help);
        to.append(name).append(' ').append(value).append('\n');
    }

    private static void head(StringBuilder to, String name, String type, String help) {
        to.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ").append(name).append(' ').append(type).append('\n');
    }
}
