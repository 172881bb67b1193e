package shop;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An answer that is not what was asked for, as RFC 9457 has it. Rules and stores throw it; the chain writes it. */
public final class Problem extends RuntimeException {
    private record Kind(int status, String title) {}

    /** The kinds with a type of their own; the title is the same for all problems of a kind. */
    private static final Map<String, Kind> KINDS = Map.ofEntries(
            Map.entry("malformed", new Kind(400, "The request cannot be read")), Map.entry("unauthenticated", new Kind(401, "The caller is not known")),
            Map.entry("forbidden", new Kind(403, "The caller may not do this")), Map.entry("not-found", new Kind(404, "There is no such thing")),
            Map.entry("conflict", new Kind(409, "The state does not allow it")), Map.entry("idempotency-in-flight", new Kind(409, "A request with this key is in flight")),
            Map.entry("stale", new Kind(412, "It was changed meanwhile")), Map.entry("invalid", new Kind(422, "The request is not valid")),
            Map.entry("idempotency-mismatch", new Kind(422, "The key came with another body before")),
            Map.entry("precondition-required", new Kind(428, "Say which version is meant")), Map.entry("unavailable", new Kind(503, "Not there right now")));

    public static final Map<Integer, String> REASONS = Map.ofEntries(Map.entry(200, "OK"), Map.entry(201, "Created"), Map.entry(204, "No Content"), Map.entry(304, "Not Modified"),
            Map.entry(400, "Bad Request"), Map.entry(401, "Unauthorized"), Map.entry(403, "Forbidden"), Map.entry(404, "Not Found"), Map.entry(405, "Method Not Allowed"),
            Map.entry(406, "Not Acceptable"), Map.entry(408, "Request Timeout"), Map.entry(409, "Conflict"), Map.entry(412, "Precondition Failed"), Map.entry(413, "Content Too Large"),
            Map.entry(415, "Unsupported Media Type"), Map.entry(422, "Unprocessable Content"), Map.entry(428, "Precondition Required"),
            Map.entry(431, "Request Header Fields Too Large"), Map.entry(500, "Internal Server Error"), Map.entry(501, "Not Implemented"), Map.entry(503, "Service Unavailable"));

    public final int status;
    public final String type;
    final transient Map<String, String> headers = new LinkedHashMap<>();
    final transient List<Object> errors = new ArrayList<>();
    private final String title;

    private Problem(String type, int status, String title, String detail) {
        super(detail, null, false, false); // nobody reads where it came from
        this.type = type;
        this.status = status;
        this.title = title;
    }

    /** A problem of a kind: of("conflict", "You have 500 lists."). */
    public static Problem of(String kind, String detail) {
        Kind known = KINDS.get(kind);
        return new Problem("urn:emporium:problem:" + kind, known.status, known.title, detail);
    }

    /** A problem that its status says all about. */
    public static Problem plain(int status, String detail) {
        return new Problem("about:blank", status, REASONS.get(status), detail);
    }

    public static Problem notFound(String what, String id) {
        return of("not-found", "There is no " + what + " \"" + id + "\".");
    }

    public static Problem stale() {
        return of("stale", "It was changed since you read it. Read it again, and repeat the change if it still makes sense.");
    }

    public static Problem malformed(String detail) {
        return of("malformed", detail);
    }

    public static Problem invalid(String pointer, String detail) {
        return invalid().at("pointer", pointer, detail);
    }

    static Problem invalid() {
        return of("invalid", "The request is not valid; errors tells where.");
    }

    public static Problem unavailable(String detail) {
        return of("unavailable", detail).with("Retry-After", "1");
    }

    public Problem with(String header, String value) {
        headers.put(header, value);
        return this;
    }

    /** Adds what part of the request is meant; `kind` is pointer or parameter. */
    public Problem at(String kind, String where, String detail) {
        errors.add(Json.of(kind, where, "detail", detail));
        return this;
    }

    /** The body: what only the request knows is added here. */
    Map<String, Object> body(String path, String trace) {
        return Json.of("type", type, "title", title, "status", status, "detail", getMessage(), "instance", path, "traceId", trace, "errors", errors.isEmpty() ? null : errors);
    }

    /** Whether an error comes from the network, or from a PostgreSQL that starts, stops or is full: it is likely over in a moment. */
    public static boolean passing(Throwable error) {
        if (!(error instanceof SQLException e)) return error instanceof java.io.IOException;
        String state = String.valueOf(e.getSQLState());
        return state.matches("(08|53|57).*|40001|40P01|55P03|25006|25P03");
    }

    /** The problem to answer an error with. What it was goes to the log alone. */
    static Problem from(Throwable error) {
        if (error instanceof Problem p) return p;
        if (passing(error)) return unavailable("Something that is needed for the answer is not there right now.");
        return plain(500, "The service failed. The trace id names the failure in its log.");
    }
}
