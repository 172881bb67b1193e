package shop;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** From a request to its answer. The order of refusals is the contract's: route, overload, who calls, what is accepted, what is sent, key, precondition, JSON,
 * validity; only then does the handler ask what is stored. */
public final class Chain implements Wire.Handler {
    /** What an operation is asked: the values of its path and query, its body, who calls, and what its write was made for. */
    public record Asked(Map<String, String> path, Map<String, Object> query, Map<String, Object> body, Caller caller, String ifMatch, Once.Asked once) {
        public int limit() {
            return ((java.math.BigDecimal) query.get("limit")).intValue();
        }
    }

    /** What an operation does. */
    public interface Handler {
        Answer handle(Asked asked) throws Exception;
    }

    private final Config config;
    private final Metrics metrics;
    private final Keys keys;
    private final OpenApi api;
    private final Map<String, Handler> handlers;
    private final Map<String, Supplier<Answer>> fixed = new TreeMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();

    /** Every operation has a handler, and every handler an operation, or it does not start. */
    public Chain(Config config, Metrics metrics, Keys keys, OpenApi api, Map<String, Handler> handlers) {
        this.config = config;
        this.metrics = metrics;
        this.keys = keys;
        this.api = api;
        this.handlers = handlers;
        TreeSet<String> described = new TreeSet<>();
        api.operations.forEach(o -> described.add(o.id));
        if (!described.equals(new TreeSet<>(handlers.keySet()))) throw new IllegalStateException("openapi.json has " + described + ", the code has " + handlers.keySet());
    }

    /** Adds what every service answers beside its API. */
    public void fix(String path, Supplier<Answer> answer) {
        fixed.put(path, answer);
    }

    @Override
    public Answer answer(Request r) {
        metrics.active.incrementAndGet();
        r.counted = true;
        r.traceparent = Trace.join(r.header("traceparent"));
        Log.about(Trace.id(r.traceparent), r.route);
        boolean counted = false;
        try {
            Supplier<Answer> known = fixed.get(r.path());
            if (known != null) return told(r, fixed(r, known));
            OpenApi.Operation operation = api.find(r.method, r.path());
            r.route = operation.path;
            Log.about(Trace.id(r.traceparent), r.route);
            counted = true;
            // More wait in the front door's other replicas rather than here.
            if (inFlight.incrementAndGet() > config.inFlight) throw Problem.unavailable("Too much is asked for at the moment.");
            return told(r, conditional(r, serve(r, operation)));
        } catch (java.net.SocketTimeoutException e) {
            return refuse(r, Problem.plain(408, "The body stopped coming."));
        } catch (Exception | StackOverflowError e) {
            log(e);
            return refuse(r, Problem.from(e));
        } finally {
            if (counted) inFlight.decrementAndGet();
            Deadline.end();
            Log.about(null, null);
        }
    }

    private static void log(Throwable e) {
        if (e instanceof Problem) return;
        if (Problem.passing(e)) Log.warn("answering 503", "error", Log.told(e));
        else Log.error("answering 500", "error", Log.told(e), "where", Log.where(e));
    }

    private Answer fixed(Request r, Supplier<Answer> known) {
        r.route = r.path();
        if (!r.method.equals("GET") && !r.method.equals("HEAD")) throw Problem.plain(405, "This can only be read.").with("Allow", "GET, HEAD");
        return known.get();
    }

    @Override
    public Answer refuse(Request r, Problem p) {
        Answer a = Answer.bytes(p.status, Json.write(p.body(r.path(), Trace.id(r.traceparent))).getBytes(java.nio.charset.StandardCharsets.UTF_8), "application/problem+json");
        a.with("Cache-Control", "no-store").with("X-Content-Type-Options", "nosniff");
        p.headers.forEach(a::with);
        return told(r, a);
    }

    @Override
    public void answered(Request r, int status) {
        metrics.observe(r.route, r.method, status, (System.nanoTime() - r.began) / 1e9);
        if (r.counted) metrics.active.decrementAndGet();
    }

    /** Who took part in the answer. */
    private Answer told(Request r, Answer a) {
        a.with("X-Shop-Sources", config.service + "=" + config.release);
        return a.with("X-Shop-Versions", config.service + "=" + config.version.replaceAll("[^!-~]|[,=]", "")).with("traceparent", r.traceparent);
    }

    /** 304 where the reader has it. A cache updates what it holds with these headers, so they are those of the 200. */
    private static Answer conditional(Request r, Answer a) {
        boolean read = r.method.equals("GET") || r.method.equals("HEAD");
        if (a.status != 200 || !read || !Etag.fresh(r.header("if-none-match"), a.headers.get("ETag"))) return a;
        Answer same = Answer.empty(304);
        same.headers.putAll(a.headers);
        same.headers.remove("Content-Type");
        return same;
    }

    /** What the request alone decides, in the contract's order, and then the handler. */
    private Answer serve(Request r, OpenApi.Operation o) throws Exception {
        Caller caller = o.security.isEmpty() ? Caller.ANONYMOUS : keys.caller(r.header("authorization"));
        caller.mustMeet(o.security);
        Media.mustBeAccepted(r.header("accept"));
        if (o.body != null && r.hasBody()) Media.mustBeJson(o.method, r.header("content-type"));
        byte[] bytes = o.body == null ? new byte[0] : r.body.read(Wire.MOST_BODY);
        // A body has half a minute to come; who names how long he waits counts that in.
        Deadline.begin(r.header("x-shop-deadline") == null ? System.nanoTime() : r.began, r.header("x-shop-deadline"));
        String key = o.key ? sentKey(r) : null;
        String ifMatch = o.conditional ? precondition(r) : null;
        Object body = read(bytes);
        Map<String, String> path = o.values(r.path());
        Problem wrong = Problem.invalid();
        Map<String, Object> query = o.query(r.query(), wrong);
        if (key != null && !Once.good(key, caller.kind().equals("anonymous"))) wrong.at("parameter", "header.Idempotency-Key", "Send 16 to 255 visible characters, a UUID for example.");
        if (o.body != null && bytes.length == 0) wrong.at("pointer", "#", "A body is required.");
        else if (o.body != null) o.body.errors(body).forEach((at, why) -> wrong.at("pointer", Media.fragment(at), why));
        if (!wrong.errors.isEmpty()) throw wrong;
        Map<String, Object> members = body instanceof Map<?, ?> ? Json.object(body) : Map.of();
        // The same key for another thing is another request, too.
        Once.Asked once = key == null ? null : new Once.Asked(caller.kind() + ":" + caller.subject(), o.method + " " + o.path, key, Json.canonical(List.of(path, members)));
        return handlers.get(o.id).handle(new Asked(path, query, members, caller, ifMatch, once));
    }

    private static Object read(byte[] bytes) {
        if (bytes.length == 0) return null;
        try {
            return Json.parse(bytes);
        } catch (IllegalArgumentException e) {
            throw Problem.malformed("The body is not JSON in UTF-8: " + e.getMessage() + ".");
        }
    }

    private static String sentKey(Request r) {
        String header = r.header("idempotency-key");
        if (header != null && !header.isEmpty()) return Once.key(header);
        throw Problem.malformed("Send an Idempotency-Key: without one, a repeated request would have a second effect.").at("parameter", "header.Idempotency-Key", "It is missing.");
    }

    private static String precondition(Request r) {
        String header = r.header("if-match");
        if (header != null && !header.isEmpty()) return header;
        throw Problem.of("precondition-required", "Send If-Match with the ETag that you read.");
    }

    /** The side port: Prometheus only. */
    public static Wire.Handler side(Metrics metrics) {
        return new Wire.Handler() {
            @Override
            public Answer answer(Request r) {
                if (!r.path().equals("/metrics")) return Answer.empty(404);
                if (!r.method.equals("GET") && !r.method.equals("HEAD")) return Answer.empty(405).with("Allow", "GET, HEAD");
                return Answer.bytes(200, metrics.text().getBytes(java.nio.charset.StandardCharsets.UTF_8), Metrics.CONTENT_TYPE);
            }

            @Override
            public Answer refuse(Request r, Problem p) {
                return Answer.empty(p.status);
            }

            @Override
            public void answered(Request r, int status) {
                // nobody measures who measures
            }
        };
    }
}
