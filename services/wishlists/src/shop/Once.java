package shop;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A POST that is repeated with its Idempotency-Key has one effect and one answer. Effect, answer and key are one commit: a process that dies leaves either
 * all or nothing. Who is in flight holds an advisory lock, which ends with the transaction. */
public final class Once {
    private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]{16,255}");
    private static final Pattern RANDOM = Pattern.compile("(?i)[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|[\\w-]{22,255}");

    /** Whose key it is, of which route, and what was sent with it. */
    public record Asked(String caller, String route, String key, String sent) {}

    private Once() {}

    /** Reads the header's key. The quoted form means the same key. */
    static String key(String header) {
        return header.length() > 1 && header.startsWith("\"") && header.endsWith("\"") ? header.substring(1, header.length() - 1) : header;
    }

    /** Whether a key will do. A caller without a name needs one that nobody can guess. */
    static boolean good(String key, boolean anonymous) {
        return VISIBLE.matcher(key).matches() && (!anonymous || RANDOM.matcher(key).matches());
    }

    /** Does something once for a key. A refusal that `effect` throws leaves the key unused. The same key with another body is 422, while the first is in flight 409. */
    public static Answer run(Pool pool, String schema, Asked asked, Pool.Work<Answer> effect) throws SQLException {
        byte[] hash = Etag.sha256(asked.sent);
        Answer early = pool.each(c -> stored(c, schema, asked, hash));
        if (early != null) return early;
        return pool.transaction(c -> {
            if (!lock(c, Json.write(List.of(schema, asked.caller, asked.route, asked.key))))
                throw Problem.of("idempotency-in-flight", "A request with this Idempotency-Key is in flight. Ask again soon.").with("Retry-After", "1");
            Answer before = stored(c, schema, asked, hash);
            return before != null ? before : keep(c, schema, asked, hash, effect.on(c));
        });
    }

    private static boolean lock(Connection c, String name) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))")) {
            p.setString(1, name);
            try (ResultSet r = p.executeQuery()) {
                r.next();
                return r.getBoolean(1);
            }
        }
    }

    private static Answer stored(Connection c, String schema, Asked asked, byte[] hash) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("SELECT body_hash, status, headers, answer FROM " + schema + ".idempotency_keys WHERE caller = ? AND route = ? AND key = ?")) {
            named(p, asked);
            try (ResultSet r = p.executeQuery()) {
                if (!r.next()) return null;
                if (!Arrays.equals(r.getBytes(1), hash)) throw Problem.of("idempotency-mismatch", "This Idempotency-Key came with another body before.");
                Answer before = Answer.bytes(r.getInt(2), r.getBytes(4), "application/json");
                for (Map.Entry<String, Object> h : Json.object(Json.parse(r.getString(3))).entrySet()) before.with(h.getKey(), (String) h.getValue());
                return before.with("Idempotent-Replayed", "true");
            }
        }
    }

    private static Answer keep(Connection c, String schema, Asked asked, byte[] hash, Answer answer) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("INSERT INTO " + schema + ".idempotency_keys (caller, route, key, body_hash, status, headers, answer) VALUES (?, ?, ?, ?, ?, ?::jsonb, ?)")) {
            named(p, asked);
            p.setBytes(4, hash);
            p.setInt(5, answer.status);
            p.setString(6, Json.write(answer.headers));
            p.setBytes(7, answer.body);
            p.executeUpdate();
        }
        return answer;
    }

    private static void named(PreparedStatement p, Asked asked) throws SQLException {
        p.setString(1, asked.caller);
        p.setString(2, asked.route);
        p.setString(3, asked.key);
    }

    /** Forgets the keys of more than a day ago, a few at a time; tells how many. */
    public static int sweep(Pool pool, String schema) throws SQLException {
        String table = schema + ".idempotency_keys";
        return pool.each(c -> {
            try (PreparedStatement p = c.prepareStatement("DELETE FROM " + table + " WHERE ctid IN (SELECT ctid FROM " + table + " WHERE created_at < now() - interval '24 hours' LIMIT 500)")) {
                return p.executeUpdate();
            }
        });
    }
}
