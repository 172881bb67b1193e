package wishlists;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import shop.Json;
import shop.Problem;

/** What lists of wishes are, and what may happen to them. No HTTP, no SQL, no clock. */
final class Rules {
    /** Most lists of a customer, and most products on one: no page shows more, and nobody fills the shop's database. */
    static final int LISTS = 500, ITEMS = 200;
    static final int MOST = 99;

    record Item(String sku, int quantity, String note, Instant addedAt) {}

    record Share(String token, Instant sharedAt) {}

    record Wishlist(String id, long place, String customer, String name, int version, Share share, Instant createdAt, Instant changedAt, List<Item> items) {}

    /** A list as the customer's overview has it. */
    record Summary(String id, long place, String name, int count, boolean shared, Instant createdAt, Instant changedAt) {}

    private Rules() {}

    /** Throws 404 unless it is the caller's own: whether another one's exists is nobody's business. */
    static Wishlist mustOwn(Wishlist list, String customer, String id) {
        if (list == null || !list.customer.equals(customer)) throw Problem.notFound("list of yours", id);
        return list;
    }

    /** A name that says something, without the blanks around it. */
    static String name(Map<String, Object> body) {
        String name = ((String) body.get("name")).strip();
        if (name.isEmpty()) throw Problem.invalid("#/name", "There is nothing but blanks.");
        return name;
    }

    static int quantity(Map<String, Object> body) {
        return ((BigDecimal) body.get("quantity")).intValue();
    }

    /** A note of blanks is none. */
    static String note(Map<String, Object> body) {
        String note = (String) body.get("note");
        return note == null || note.isBlank() ? null : note;
    }

    static void mustHaveRoom(int items) {
        if (items >= ITEMS) throw Problem.of("conflict", "There are " + ITEMS + " products on the list: take one off first.");
    }

    static void mayMakeAnother(int lists) {
        if (lists >= LISTS) throw Problem.of("conflict", "You have " + LISTS + " lists: remove one first.");
    }

    /** Throws 422 when a product would be moved to where it is. */
    static void mustBeAnother(String from, String to) {
        if (from.equalsIgnoreCase(to)) throw Problem.invalid("#/to", "It is on this list.");
    }

    /** What is wanted once a product is moved to a list that may have it already: the numbers are added. The note that is there stays. */
    static Item merged(Item moved, Item there) {
        if (there == null) return moved;
        return new Item(moved.sku, Math.min(MOST, moved.quantity + there.quantity), there.note == null ? moved.note : there.note, there.addedAt);
    }

    static Item find(Wishlist list, String sku) {
        return list.items.stream().filter(i -> i.sku.equals(sku)).findFirst().orElseThrow(() -> Problem.notFound("product on the list", sku));
    }

    /** What the customer sees of a list. */
    static Map<String, Object> shown(Wishlist w) {
        return Json.of("id", w.id, "name", w.name, "items", w.items.stream().map(Rules::shown).toList(), "share", w.share == null ? null : shown(w.share),
                "createdAt", w.createdAt.toString(), "changedAt", w.changedAt.toString());
    }

    private static Object shown(Item i) {
        return Json.of("sku", i.sku, "quantity", i.quantity, "note", i.note, "addedAt", i.addedAt.toString());
    }

    static Map<String, Object> shown(Share s) {
        return Json.of("token", s.token, "path", path(s), "sharedAt", s.sharedAt.toString());
    }

    static String path(Share s) {
        return "/api/wishlists/shared/" + s.token;
    }

    static Object shown(Summary s) {
        return Json.of("id", s.id, "name", s.name, "count", s.count, "shared", s.shared, "createdAt", s.createdAt.toString(), "changedAt", s.changedAt.toString());
    }

    /** What everybody sees who has the link: what is wished for under which name. No note, no id, no time, nothing of the customer. */
    static Map<String, Object> open(Wishlist w) {
        return Json.of("name", w.name, "items", w.items.stream().map(i -> (Object) Json.of("sku", i.sku, "quantity", i.quantity)).toList());
    }
}
