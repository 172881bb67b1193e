package wishlists;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import shop.Config;
import shop.Migrate;
import test.Client;
import test.Client.Answer;
import test.PostgreSQL;
import test.That;
import test.Tokens;

/** The service with a real PostgreSQL, asked over HTTP. */
public class ApiTest {
    private static final Path FOLDER = Path.of(System.getProperty("shop.folder", "."));
    private static Tokens auth;
    private static Main.Running running;
    private static String url;

    private static synchronized int port() throws Exception {
        if (running == null) {
            auth = new Tokens("auth/1");
            url = PostgreSQL.get().database("wishlists");
            Map<String, String> env = new TreeMap<>(Map.of("SHOP", "acme", "SHOP_RELEASE", "acme-1", "DATABASE_URL", url, "SHOP_JWKS", auth.jwks(), "PORT", "0", "METRICS_PORT", "0", "LOG_LEVEL", "error"));
            Config config = new Config(env, "wishlists");
            Migrate.run(config, Main.plan(FOLDER));
            Migrate.run(config, Main.plan(FOLDER)); // again: nothing to do
            running = Main.wired(config, FOLDER);
            running.front().start();
            running.side().start();
        }
        return running.front().port();
    }

    private static Client as(String customer) throws Exception {
        int port = port();
        return new Client(port, customer == null ? null : auth.customer(customer));
    }

    private static Answer list(Client c, String name) throws Exception {
        Answer made = c.post("/api/wishlists", "{\"name\":\"" + name + "\"}");
        That.same("made " + made.body(), 201, made.status());
        return made;
    }

    private static Answer put(Client c, String path, String sku, String body, String tag) throws Exception {
        return c.ask("PUT", path + "/items/" + sku, body, "If-Match", tag);
    }

    private static <T> List<T> atOnce(List<Callable<T>> work) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        List<T> all = new ArrayList<>();
        for (Future<T> f : threads.invokeAll(work)) all.add(f.get());
        threads.shutdown();
        return all;
    }

    public void aListIsMadeFilledChangedAndRemoved() throws Exception {
        try (Client c = as("life")) {
            Answer made = list(c, "Über 🫖");
            String path = made.headers().get("location");
            That.same("the same again", made.body(), c.ask("GET", path, null).body());
            Answer one = put(c, path, "KIT-1001", "{\"quantity\":2,\"note\":\"red\"}", made.tag());
            That.holds(one.body(), one.status() == 200 && one.body().contains("\"sku\":\"KIT-1001\",\"quantity\":2,\"note\":\"red\""));
            That.same("an old version", 412, put(c, path, "KIT-1001", "{\"quantity\":3}", made.tag()).status());
            Answer two = put(c, path, "KIT-1001", "{\"quantity\":3}", one.tag());
            That.holds("in its place, without the note", two.body().contains("\"quantity\":3") && !two.body().contains("red") && two.body().split("\"sku\"").length == 2);
            That.same("304", 304, c.ask("GET", path, null, "If-None-Match", two.tag()).status());
            Answer named = c.ask("PUT", path, "{\"name\":\" Kitchen \"}", "If-Match", two.tag());
            That.same("renamed", "Kitchen", named.member("name"));
            That.same("not on it, before the version", 404, c.ask("DELETE", path + "/items/KIT-9", null, "If-Match", "\"0-x\"").status());
            Answer less = c.ask("DELETE", path + "/items/KIT-1001", null, "If-Match", named.tag());
            That.holds("empty", less.body().contains("\"items\":[]"));
            That.same("gone", 204, c.ask("DELETE", path, null, "If-Match", less.tag()).status());
            That.same("is not there", 404, c.ask("GET", path, null).status());
        }
    }

    public void anotherCustomersListIsNotThere() throws Exception {
        try (Client anna = as("anna"); Client ben = as("ben"); Client nobody = as(null)) {
            Answer made = list(anna, "Mine");
            String path = made.headers().get("location");
            put(anna, path, "KIT-1001", "{\"quantity\":1}", made.tag());
            That.same("read", 404, ben.ask("GET", path, null).status());
            That.same("change", 404, ben.ask("PUT", path, "{\"name\":\"x\"}", "If-Match", "*").status());
            That.same("put", 404, put(ben, path, "KIT-1", "{\"quantity\":1}", "*").status());
            That.same("take", 404, ben.ask("DELETE", path + "/items/KIT-1001", null, "If-Match", "*").status());
            That.same("remove", 404, ben.ask("DELETE", path, null, "If-Match", "*").status());
            That.same("share", 404, ben.post(path + "/share", null).status());
            That.same("unshare", 404, ben.ask("DELETE", path + "/share", null, "If-Match", "*").status());
            Answer own = list(ben, "Ben's");
            That.same("move out of it", 404, ben.post(path + "/moves", "{\"sku\":\"KIT-1001\",\"to\":\"" + own.member("id") + "\"}").status());
            Answer into = anna.post(path + "/moves", "{\"sku\":\"KIT-1001\",\"to\":\"" + own.member("id") + "\"}");
            That.same("move into it", 422, into.status());
            That.holds("not in the list of lists", !ben.ask("GET", "/api/wishlists", null).body().contains(made.member("id")));
            That.same("without a token", 401, nobody.ask("GET", path, null).status());
            That.holds("it is as it was", anna.ask("GET", path, null).body().contains("KIT-1001"));
        }
    }

    public void aLinkShowsNothingPersonalUntilItIsTakenBack() throws Exception {
        try (Client c = as("cora-personal"); Client other = as(null)) {
            Answer made = list(c, "Wedding");
            String path = made.headers().get("location");
            Answer filled = put(c, path, "KIT-1001", "{\"quantity\":2,\"note\":\"secretnote\"}", made.tag());
            Answer link = c.post(path + "/share", null);
            That.same("made", 201, link.status());
            That.holds("192 bits", link.member("token").matches("[A-Za-z0-9_-]{32}"));
            Answer again = c.post(path + "/share", null);
            That.same("shared twice is one link", link.member("token"), again.member("token"));
            Answer seen = other.ask("GET", link.member("path"), null);
            That.same("all that is seen", "{\"name\":\"Wedding\",\"items\":[{\"sku\":\"KIT-1001\",\"quantity\":2}]}", seen.body());
            That.holds("no header tells more", !seen.headers().toString().contains("cora") && !seen.headers().toString().contains(made.member("id")));
            That.same("caches ask", "no-cache", seen.headers().get("cache-control"));
            String tag = c.ask("GET", path, null).tag();
            That.holds("sharing is a new version", !tag.equals(filled.tag()));
            That.same("taken back", 200, c.ask("DELETE", path + "/share", null, "If-Match", tag).status());
            That.same("leads nowhere", 404, other.ask("GET", link.member("path"), null).status());
            That.same("also with a copy", 404, other.ask("GET", link.member("path"), null, "If-None-Match", seen.tag()).status());
            That.holds("another link", !c.post(path + "/share", null).member("token").equals(link.member("token")));
            That.same("the old one leads nowhere", 404, other.ask("GET", link.member("path"), null).status());
            That.same("guesses", 404, other.ask("GET", "/api/wishlists/shared/" + "A".repeat(32), null).status());
            That.same("of another form", 404, other.ask("GET", "/api/wishlists/shared/%27%20OR%201=1--", null).status());
        }
    }

    public void aRemovedListsLinkLeadsNowhere() throws Exception {
        try (Client c = as("dora")) {
            Answer made = list(c, "Short");
            Answer link = c.post(made.headers().get("location") + "/share", null);
            That.same("gone", 204, c.ask("DELETE", made.headers().get("location"), null, "If-Match", "*").status());
            That.same("leads nowhere", 404, c.ask("GET", link.member("path"), null).status());
        }
    }

    public void aMoveIsDoneOnceAndAddsWhatIsWanted() throws Exception {
        try (Client c = as("emil")) {
            Answer a = list(c, "A"), b = list(c, "B");
            String from = a.headers().get("location"), to = b.headers().get("location"), body = "{\"sku\":\"KIT-1001\",\"to\":\"" + b.member("id").toUpperCase() + "\"}";
            put(c, from, "KIT-1001", "{\"quantity\":2}", a.tag());
            put(c, to, "KIT-1001", "{\"quantity\":3}", b.tag());
            Answer moved = c.ask("POST", from + "/moves", body, "Idempotency-Key", "0123456789abcdef-emil");
            That.holds(moved.body(), moved.status() == 200 && c.ask("GET", to, null).body().contains("\"quantity\":5") && c.ask("GET", from, null).body().contains("\"items\":[]"));
            Answer again = c.ask("POST", from + "/moves", body, "Idempotency-Key", "0123456789abcdef-emil");
            That.same("the same answer", moved.body(), again.body());
            That.same("says so", "true", again.headers().get("idempotent-replayed"));
            That.same("with a new key it is not there", 404, c.post(from + "/moves", body).status());
            That.same("to itself", 422, c.post(to + "/moves", body).status());
            That.same("to a list that is not there", 422, c.post(to + "/moves", "{\"sku\":\"KIT-1001\",\"to\":\"" + UUID.randomUUID() + "\"}").status());
        }
    }

    public void whoMovesAgainstEachOtherLosesNothing() throws Exception {
        try (Client c = as("finn")) {
            Answer a = list(c, "A"), b = list(c, "B");
            String left = a.headers().get("location"), right = b.headers().get("location");
            for (int n = 0; n < 5; n++) {
                put(c, left, "L-" + n, "{\"quantity\":1}", "*");
                put(c, right, "R-" + n, "{\"quantity\":1}", "*");
            }
            List<Callable<Integer>> moves = new ArrayList<>();
            for (int n = 0; n < 5; n++) {
                int i = n;
                moves.add(() -> move(left, "L-" + i, b.member("id")));
                moves.add(() -> move(right, "R-" + i, a.member("id")));
            }
            for (int status : atOnce(moves)) That.same("moved", 200, status);
            String there = c.ask("GET", left, null).body(), here = c.ask("GET", right, null).body();
            for (int n = 0; n < 5; n++) That.holds("each on the other one", there.contains("R-" + n) && here.contains("L-" + n) && !there.contains("L-" + n));
        }
    }

    private static int move(String from, String sku, String to) throws Exception {
        try (Client c = as("finn")) {
            return c.post(from + "/moves", "{\"sku\":\"" + sku + "\",\"to\":\"" + to + "\"}").status();
        }
    }

    public void ofTwoWhoChangeOneVersionOneWins() throws Exception {
        try (Client c = as("gina")) {
            Answer made = list(c, "Both");
            List<Callable<Integer>> changes = new ArrayList<>();
            for (int n = 0; n < 6; n++) {
                int i = n;
                changes.add(() -> {
                    try (Client one = as("gina")) {
                        return put(one, made.headers().get("location"), "KIT-" + i, "{\"quantity\":1}", made.tag()).status();
                    }
                });
            }
            List<Integer> told = atOnce(changes);
            That.same("one wins " + told, 1L, told.stream().filter(s -> s == 200).count());
            That.same("the others hear of it " + told, 5L, told.stream().filter(s -> s == 412).count());
            That.same("one product", 2, c.ask("GET", made.headers().get("location"), null).body().split("\"sku\"").length);
        }
    }

    public void theSameKeyAtOnceMakesOneList() throws Exception {
        String key = UUID.randomUUID().toString();
        List<Callable<Answer>> posts = new ArrayList<>();
        for (int n = 0; n < 6; n++) posts.add(() -> {
            try (Client c = as("hugo")) {
                return c.ask("POST", "/api/wishlists", "{\"name\":\"Once\"}", "Idempotency-Key", key);
            }
        });
        for (Answer a : atOnce(posts)) That.holds("made, or under way: " + a, a.status() == 201 || a.status() == 409 && a.body().contains("in-flight"));
        try (Client c = as("hugo"); Client other = as("ida")) {
            String all = c.ask("GET", "/api/wishlists", null).body();
            That.same("one list: " + all, 2, all.split("\"id\"").length);
            That.same("another body", 422, c.ask("POST", "/api/wishlists", "{\"name\":\"Twice\"}", "Idempotency-Key", key).status());
            Answer others = other.ask("POST", "/api/wishlists", "{\"name\":\"Once\"}", "Idempotency-Key", key);
            That.holds("another customer's is his own", others.status() == 201 && others.headers().get("idempotent-replayed") == null);
        }
    }

    public void listsComePageByPageTheNewestFirst() throws Exception {
        try (Client c = as("jana"); Client other = as("karl")) {
            for (int n = 0; n < 5; n++) list(c, "L" + n);
            Answer first = c.ask("GET", "/api/wishlists?limit=2", null), second = c.ask("GET", "/api/wishlists?limit=2&cursor=" + first.member("next"), null);
            That.holds(first.body(), first.body().contains("L4") && first.body().contains("L3") && !first.body().contains("L2"));
            That.holds(second.body(), second.body().contains("L2") && second.body().contains("L1") && !second.body().contains("L3"));
            Answer last = c.ask("GET", "/api/wishlists?limit=2&cursor=" + second.member("next"), null);
            That.holds(last.body(), last.body().contains("L0") && last.member("next") == null);
            That.same("another customer's cursor", 400, other.ask("GET", "/api/wishlists?cursor=" + first.member("next"), null).status());
            That.same("nothing", "{\"items\":[]}", other.ask("GET", "/api/wishlists", null).body());
            for (String query : List.of("limit=0", "limit=101", "limit=x", "limit=1&limit=2", "sort=name")) That.same(query, 422, c.ask("GET", "/api/wishlists?" + query, null).status());
        }
    }

    public void whatIsWrongInABodyIsTold() throws Exception {
        try (Client c = as("lena")) {
            String path = list(c, "Wrong").headers().get("location");
            for (String[] wrong : new String[][] {{"{\"quantity\":0}", "#/quantity"}, {"{\"quantity\":\"1\"}", "#/quantity"}, {"{}", "#/quantity"}, {"{\"quantity\":1,\"price\":1}", "#/price"},
                    {"{\"quantity\":1,\"note\":\"a\\u0000\"}", "#/note"}, {"{\"quantity\":1,\"note\":\"\\ud800\"}", "#/note"}, {"[]", "#"}, {"{\"quantity\":1e999999999}", "#/quantity"}}) {
                Answer a = put(c, path, "KIT-1", wrong[0], "*");
                That.holds(wrong[0] + ": " + a.body(), a.status() == 422 && a.body().contains("\"pointer\":\"" + wrong[1] + "\""));
            }
            That.same("no JSON", 400, put(c, path, "KIT-1", "{\"quantity\":1", "*").status());
            That.same("a product of a wrong form", 404, put(c, path, "%00", "{\"quantity\":1}", "*").status());
            That.same("no version", 428, c.ask("PUT", path + "/items/KIT-1", "{\"quantity\":1}").status());
            That.same("no key", 400, c.ask("POST", "/api/wishlists", "{\"name\":\"x\"}").status());
        }
    }

    public void aListHasAnEnd() throws Exception {
        try (Client c = as("mona")) {
            Answer made = list(c, "Full");
            try (Connection admin = PostgreSQL.get().admin(url.replaceAll(".*/(\\w+)\\?.*", "$1")); Statement s = admin.createStatement()) {
                s.execute("INSERT INTO wishlists.items (list_id, sku, quantity) SELECT '" + made.member("id") + "', 'FULL-' || n, 1 FROM generate_series(1, 200) n");
            }
            That.same("one more", 409, put(c, made.headers().get("location"), "KIT-1", "{\"quantity\":1}", "*").status());
            That.same("one that is there", 200, put(c, made.headers().get("location"), "FULL-7", "{\"quantity\":2}", "*").status());
        }
    }

    public void whatTheServerSaysOfItselfIsTrue() throws Exception {
        try (Client c = as("nora"); Client side = new Client(running.side().port(), null)) {
            That.until("the schema was seen", () -> c.ask("GET", "/readyz", null).status() == 200);
            Answer contract = c.ask("GET", "/contract", null);
            That.holds(contract.body(), contract.body().contains("\"schema\":{\"name\":\"wishlists\",\"version\":1,\"floor\":1}") && contract.body().contains("\"release\":\"acme-1\""));
            c.ask("GET", "/api/wishlists/" + UUID.randomUUID(), null);
            c.ask("BREW", "/nothing/" + UUID.randomUUID(), null);
            String metrics = side.ask("GET", "/metrics", null).body();
            That.holds(metrics, metrics.contains("_count{route=\"/api/wishlists/{id}\",method=\"GET\",status=\"404\"}") && metrics.contains("_count{route=\"unmatched\",method=\"other\",status=\"404\"}"));
            That.holds("no path is a series", !metrics.contains("nothing"));
            try (Connection admin = PostgreSQL.get().admin("postgres"); Statement s = admin.createStatement(); ResultSet r = s.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wishlists/acme-1/1'")) {
                r.next();
                That.holds("at most DB_POOL_MAX connections, which say who they are: " + r.getInt(1), r.getInt(1) >= 1 && r.getInt(1) <= 4);
            }
        }
    }
}
