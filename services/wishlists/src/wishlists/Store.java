package wishlists;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import shop.Problem;
import wishlists.Rules.Item;
import wishlists.Rules.Share;
import wishlists.Rules.Summary;
import wishlists.Rules.Wishlist;

/** The SQL of wishlists. It knows no HTTP. Each runs on a connection that the caller has. */
final class Store {
    /** A list with its items in one statement: in two, a change between them would show a version with another one's items. */
    private static final String LIST = "SELECT w.id, w.position, w.customer_id, w.name, w.version, w.token, w.shared_at, w.created_at, w.changed_at, i.sku, i.quantity, i.note, i.added_at"
            + " FROM wishlists.wishlists w LEFT JOIN wishlists.items i ON i.list_id = w.id WHERE %s ORDER BY i.position";
    private static final String BY_ID = String.format(LIST, "w.id = ?"), BY_TOKEN = String.format(LIST, "w.token = ?");

    interface Read<T> {
        T row(ResultSet r) throws SQLException;
    }

    private Store() {}

    private static PreparedStatement prepared(Connection c, String sql, Object... values) throws SQLException {
        PreparedStatement p = c.prepareStatement(sql);
        for (int n = 0; n < values.length; n++) p.setObject(n + 1, values[n]);
        return p;
    }

    private static <T> List<T> rows(Connection c, Read<T> read, String sql, Object... values) throws SQLException {
        try (PreparedStatement p = prepared(c, sql, values); ResultSet r = p.executeQuery()) {
            List<T> all = new ArrayList<>();
            while (r.next()) all.add(read.row(r));
            return all;
        }
    }

    private static int change(Connection c, String sql, Object... values) throws SQLException {
        try (PreparedStatement p = prepared(c, sql, values)) {
            return p.executeUpdate();
        }
    }

    private static Instant time(ResultSet r, String name) throws SQLException {
        Timestamp at = r.getTimestamp(name);
        return at == null ? null : at.toInstant();
    }

    private static Item item(ResultSet r) throws SQLException {
        return new Item(r.getString("sku"), r.getInt("quantity"), r.getString("note"), time(r, "added_at"));
    }

    private static Wishlist list(ResultSet r) throws SQLException {
        Share share = r.getString("token") == null ? null : new Share(r.getString("token"), time(r, "shared_at"));
        return new Wishlist(r.getString("id"), r.getLong("position"), r.getString("customer_id"), r.getString("name"), r.getInt("version"), share, time(r, "created_at"), time(r, "changed_at"), new ArrayList<>());
    }

    private static Wishlist whole(Connection c, String sql, Object value) throws SQLException {
        try (PreparedStatement p = prepared(c, sql, value); ResultSet r = p.executeQuery()) {
            Wishlist w = null;
            while (r.next()) {
                if (w == null) w = list(r);
                if (r.getString("sku") != null) w.items().add(item(r));
            }
            return w;
        }
    }

    /** A list with its items, or null. */
    static Wishlist find(Connection c, String id) throws SQLException {
        return whole(c, BY_ID, UUID.fromString(id));
    }

    /** The same, held until the transaction ends: read when it is, so that it is what is there. */
    static Wishlist held(Connection c, String id) throws SQLException {
        rows(c, r -> 0, "SELECT 1 FROM wishlists.wishlists WHERE id = ? FOR UPDATE", UUID.fromString(id));
        return find(c, id);
    }

    static Wishlist byToken(Connection c, String token) throws SQLException {
        return whole(c, BY_TOKEN, token);
    }

    /** A customer's lists, the newest first: one more than the limit, to tell whether there is a next page. */
    static List<Summary> of(Connection c, String customer, Long after, int limit) throws SQLException {
        return rows(c, r -> new Summary(r.getString("id"), r.getLong("position"), r.getString("name"), r.getInt("count"), r.getBoolean("shared"), time(r, "created_at"), time(r, "changed_at")),
                "SELECT w.id, w.position, w.name, w.created_at, w.changed_at, w.token IS NOT NULL AS shared, (SELECT count(*) FROM wishlists.items i WHERE i.list_id = w.id) AS count"
                        + " FROM wishlists.wishlists w WHERE w.customer_id = ? AND w.position < ? ORDER BY w.position DESC LIMIT ?", customer, after == null ? Long.MAX_VALUE : after, limit + 1);
    }

    /** Makes a list; customers take turns with their own, so that the count is right. */
    static Wishlist add(Connection c, String customer, String name) throws SQLException {
        rows(c, r -> 0, "SELECT pg_advisory_xact_lock(hashtextextended(?, 1))", "wishlists/" + customer);
        Rules.mayMakeAnother(rows(c, r -> r.getInt(1), "SELECT count(*) FROM wishlists.wishlists WHERE customer_id = ?", customer).get(0));
        String id = UUID.randomUUID().toString();
        change(c, "INSERT INTO wishlists.wishlists (id, customer_id, name) VALUES (?, ?, ?)", UUID.fromString(id), customer, name);
        return find(c, id);
    }

    /** Counts a change of a list that is held; what is set is of the code's own. */
    private static void touch(Connection c, Wishlist w, String set, Object... values) throws SQLException {
        Object[] all = java.util.Arrays.copyOf(values, values.length + 2);
        all[values.length] = UUID.fromString(w.id());
        all[values.length + 1] = w.version();
        if (change(c, "UPDATE wishlists.wishlists SET " + set + "version = version + 1, changed_at = now() WHERE id = ? AND version = ?", all) == 0) throw Problem.stale();
    }

    static Wishlist rename(Connection c, Wishlist w, String name) throws SQLException {
        touch(c, w, "name = ?, ", name);
        return find(c, w.id());
    }

    static void remove(Connection c, Wishlist w) throws SQLException {
        if (change(c, "DELETE FROM wishlists.wishlists WHERE id = ? AND version = ?", UUID.fromString(w.id()), w.version()) == 0) throw Problem.stale();
    }

    /** Puts an item on a list that is held, or in the place of what is there of the product. */
    static Wishlist put(Connection c, Wishlist w, Item i) throws SQLException {
        if (w.items().stream().noneMatch(there -> there.sku().equals(i.sku()))) Rules.mustHaveRoom(w.items().size());
        touch(c, w, "");
        change(c, "INSERT INTO wishlists.items (list_id, sku, quantity, note) VALUES (?, ?, ?, ?) ON CONFLICT (list_id, sku) DO UPDATE SET quantity = excluded.quantity, note = excluded.note",
                UUID.fromString(w.id()), i.sku(), i.quantity(), i.note());
        return find(c, w.id());
    }

    static Wishlist take(Connection c, Wishlist w, String sku) throws SQLException {
        touch(c, w, "");
        change(c, "DELETE FROM wishlists.items WHERE list_id = ? AND sku = ?", UUID.fromString(w.id()), sku);
        return find(c, w.id());
    }

    static Wishlist share(Connection c, Wishlist w, String token) throws SQLException {
        touch(c, w, "token = ?, shared_at = now(), ", token);
        return find(c, w.id());
    }

    static Wishlist unshare(Connection c, Wishlist w) throws SQLException {
        touch(c, w, "token = NULL, shared_at = NULL, ");
        return find(c, w.id());
    }
}
