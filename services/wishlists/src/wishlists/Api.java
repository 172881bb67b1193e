package wishlists;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import shop.Answer;
import shop.Chain.Asked;
import shop.Chain.Handler;
import shop.Etag;
import shop.Json;
import shop.Once;
import shop.Page;
import shop.Pool;
import shop.Problem;
import shop.Trace;
import wishlists.Rules.Item;
import wishlists.Rules.Wishlist;

/** The operations of openapi.json, by their id: from what was asked to what the rules and the store say, and back. */
final class Api {
    static final String SCHEMA = "wishlists";

    private interface Change {
        Wishlist of(Connection c, Wishlist held) throws SQLException;
    }

    private final Pool pool;
    private final String shape;
    private final String openShape;

    Api(Pool pool, Map<String, Object> document) {
        this.pool = pool;
        Map<String, Object> schemas = Json.object(Json.object(document.get("components")).get("schemas"));
        shape = Etag.shape(schemas.get("Wishlist"), schemas.get("Item"), schemas.get("Share"));
        openShape = Etag.shape(schemas.get("SharedWishlist"), schemas.get("SharedItem"));
    }

    Map<String, Handler> handlers() {
        Map<String, Handler> all = new LinkedHashMap<>();
        all.put("listWishlists", this::lists);
        all.put("createWishlist", a -> Once.run(pool, SCHEMA, a.once(), c -> made(Store.add(c, a.caller().subject(), Rules.name(a.body())))));
        all.put("getWishlist", a -> one(pool.each(c -> Rules.mustOwn(Store.find(c, id(a)), a.caller().subject(), id(a)))));
        all.put("renameWishlist", a -> one(changed(a, (c, w) -> Store.rename(c, w, Rules.name(a.body())))));
        all.put("removeWishlist", this::remove);
        all.put("putItem", a -> one(changed(a, (c, w) -> Store.put(c, w, new Item(a.path().get("sku"), Rules.quantity(a.body()), Rules.note(a.body()), null)))));
        all.put("removeItem", a -> one(changed(a, w -> Rules.find(w, a.path().get("sku")), (c, w) -> Store.take(c, w, a.path().get("sku")))));
        all.put("moveItem", a -> Once.run(pool, SCHEMA, a.once(), c -> moved(c, a)));
        all.put("shareWishlist", a -> Once.run(pool, SCHEMA, a.once(), c -> shared(c, a)));
        all.put("unshareWishlist", a -> one(changed(a, Store::unshare)));
        all.put("getSharedWishlist", this::open);
        return all;
    }

    private static String id(Asked a) {
        return a.path().get("id");
    }

    private Answer one(Wishlist w) {
        return Answer.json(200, Rules.shown(w)).with("ETag", Etag.tag(w.version(), shape)).with("Cache-Control", "private, no-cache");
    }

    private Answer made(Wishlist w) {
        return Answer.json(201, Rules.shown(w)).with("ETag", Etag.tag(w.version(), shape)).with("Location", "/api/wishlists/" + w.id()).with("Cache-Control", "private, no-cache");
    }

    private Answer lists(Asked a) throws SQLException {
        String filter = "wishlists of " + a.caller().subject();
        Long after = Page.after((String) a.query().get("cursor"), filter);
        List<Rules.Summary> rows = pool.each(c -> Store.of(c, a.caller().subject(), after, a.limit()));
        return Answer.json(200, Page.of(rows, a.limit(), Rules.Summary::place, filter, Rules::shown)).with("Cache-Control", "private, no-cache");
    }

    /** A change of one's own list, of the version that was read. It is held, so that what is decided by its items stays true. */
    private Wishlist changed(Asked a, Change change) throws SQLException {
        return changed(a, w -> { }, change);
    }

    /** `there` throws 404, which comes before 412. */
    private Wishlist changed(Asked a, Consumer<Wishlist> there, Change change) throws SQLException {
        return pool.transaction(c -> {
            Wishlist w = Rules.mustOwn(Store.held(c, id(a)), a.caller().subject(), id(a));
            there.accept(w);
            Etag.mustMatch(a.ifMatch(), w.version());
            return change.of(c, w);
        });
    }

    private Answer remove(Asked a) throws SQLException {
        changed(a, (c, w) -> {
            Store.remove(c, w);
            return w;
        });
        return Answer.empty(204);
    }

    /** Both lists are held in one order, whichever way it goes: two who move against each other take turns. */
    private Answer moved(Connection c, Asked a) throws SQLException {
        String from = id(a).toLowerCase(), to = ((String) a.body().get("to")).toLowerCase(), sku = (String) a.body().get("sku");
        Rules.mustBeAnother(from, to);
        Wishlist first = Store.held(c, from.compareTo(to) < 0 ? from : to), second = Store.held(c, from.compareTo(to) < 0 ? to : from);
        Wishlist source = Rules.mustOwn(from.compareTo(to) < 0 ? first : second, a.caller().subject(), id(a));
        Wishlist target = from.compareTo(to) < 0 ? second : first;
        if (target == null || !target.customer().equals(a.caller().subject())) throw Problem.invalid("#/to", "You have no such list.");
        Item moved = Rules.find(source, sku);
        Item there = target.items().stream().filter(i -> i.sku().equals(sku)).findFirst().orElse(null);
        Wishlist now = Store.put(c, target, Rules.merged(moved, there));
        return Answer.json(200, Json.of("from", Rules.shown(Store.take(c, source, sku)), "to", Rules.shown(now))).with("Cache-Control", "private, no-cache");
    }

    /** A list that is shared keeps its link: another tab of the customer must not end the one that was sent. */
    private Answer shared(Connection c, Asked a) throws SQLException {
        Wishlist w = Rules.mustOwn(Store.held(c, id(a)), a.caller().subject(), id(a));
        if (w.share() == null) w = Store.share(c, w, Base64.getUrlEncoder().withoutPadding().encodeToString(Trace.random(24)));
        return Answer.json(201, Rules.shown(w.share())).with("Location", Rules.path(w.share())).with("ETag", openTag(w)).with("Cache-Control", "private, no-cache");
    }

    /** Of what everybody may see; its version is the list's. */
    private String openTag(Wishlist w) {
        return Etag.tag(w.version(), openShape);
    }

    /** A link that was taken back leads nowhere at once: no cache keeps it without asking. */
    private Answer open(Asked a) throws SQLException {
        Wishlist w = pool.each(c -> Store.byToken(c, a.path().get("token")));
        if (w == null) throw Problem.of("not-found", "There is no such list, or it is shared no more.");
        return Answer.json(200, Rules.open(w)).with("ETag", openTag(w)).with("Cache-Control", "no-cache").with("Referrer-Policy", "no-referrer").with("X-Robots-Tag", "noindex");
    }
}
