package shop;

import java.util.Map;
import java.util.HashMap;
import java.util.List;
import test.That;
import test.Tokens;

public class KeysTest {
    private static final long NOW = 1_800_000_000;

    static Config config(Map<String, String> more) {
        Map<String, String> env = new HashMap<>(Map.of("SHOP", "acme", "SHOP_RELEASE", "acme-1", "DATABASE_URL", "postgres://a@127.0.0.1:1/a"));
        env.putAll(more);
        return new Config(env, "wishlists");
    }

    private static Map<String, Object> claims(Object... changed) {
        Map<String, Object> all = new HashMap<>(Json.of("iss", "auth", "aud", "acme", "sub", "anna", "kind", "customer", "exp", new java.math.BigDecimal(NOW + 60)));
        for (int n = 0; n < changed.length; n += 2) all.put((String) changed[n], changed[n + 1]);
        return all;
    }

    private static java.math.BigDecimal at(long seconds) {
        return new java.math.BigDecimal(NOW + seconds);
    }

    public void claimsCountHereAndNow() {
        That.same("good", new Caller("customer", "anna", List.of()), Keys.admitted("auth/1", claims(), "acme", NOW));
        That.same("several shops", "anna", Keys.admitted("auth/1", claims("aud", List.of("other", "acme")), "acme", NOW).subject());
        That.same("scopes", List.of("a:read", "b"), Keys.admitted("auth/1", claims("kind", "staff", "scope", "a:read b"), "acme", NOW).scopes());
        for (Object[] wrong : new Object[][] {{"exp", at(-60)}, {"exp", null}, {"exp", "soon"}, {"nbf", at(60)}, {"iat", at(60)}, {"aud", "other"}, {"aud", null}, {"iss", "evil"}, {"iss", "service/x"},
                {"sub", ""}, {"sub", null}, {"kind", "root"}, {"kind", null}})
            That.thrown(wrong[0] + " " + wrong[1], Problem.class, () -> Keys.admitted("auth/1", claims(wrong), "acme", NOW));
        Keys.admitted("auth/1", claims("exp", at(-5), "nbf", at(5)), "acme", NOW); // clocks differ a little
    }

    public void aServicesKeySignsForThatServiceAlone() {
        That.holds("its own", Keys.signs("service/reviews/1", "service/reviews", "service", "reviews"));
        That.holds("another", !Keys.signs("service/reviews/1", "service/orders", "service", "orders"));
        That.holds("staff", !Keys.signs("service/reviews/1", "auth", "staff", "reviews"));
        That.holds("a name without an end", !Keys.signs("service/reviews", "service/reviews", "service", "reviews"));
        That.holds("auth for a service", Keys.signs("auth/1", "auth", "customer", "anna"));
    }

    public void aTokenIsCheckedByItsSignature() throws Exception {
        Tokens auth = new Tokens("auth/1"), evil = new Tokens("auth/1");
        Keys keys = new Keys(config(Map.of("SHOP_JWKS", auth.jwks())));
        String good = auth.customer("anna");
        That.same("good", "anna", keys.caller("Bearer " + good).subject());
        That.same("none", Caller.ANONYMOUS, keys.caller(null));
        String[] parts = good.split("\\.");
        String claims = Tokens.claims("anna", "customer", 600);
        String flipped = parts[2].substring(0, 20) + (parts[2].charAt(20) == 'A' ? 'B' : 'A') + parts[2].substring(21);
        for (String wrong : List.of("", "x", parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1] + "." + flipped, good + ".x", evil.customer("anna"),
                auth.sign("{\"alg\":\"none\",\"kid\":\"auth/1\"}", claims), auth.sign("{\"alg\":\"HS256\",\"kid\":\"auth/1\"}", claims), auth.sign("{\"alg\":\"EdDSA\"}", claims),
                auth.sign("{\"alg\":\"EdDSA\",\"kid\":\"auth/2\"}", claims), auth.sign("{\"alg\":\"EdDSA\",\"kid\":\"auth/1\",\"crit\":[\"b64\"]}", claims), auth.sign("[]", claims), auth.sign(auth.header(), "7"),
                auth.sign(auth.header(), "{\"iss\":\"auth\",\"aud\":\"acme\",\"sub\":7,\"kind\":\"customer\",\"exp\":9999999999}")))
            That.same(wrong, 401, That.thrown(wrong, Problem.class, () -> keys.caller("Bearer " + wrong)).status);
        That.thrown("no bearer", Problem.class, () -> keys.caller("Basic " + good));
    }

    public void whoStartedWhileAuthWasAwayKnowsItsKeysSoonAfter() throws Exception {
        Tokens auth = new Tokens("auth/1");
        java.util.concurrent.atomic.AtomicInteger asked = new java.util.concurrent.atomic.AtomicInteger();
        com.sun.net.httpserver.HttpServer server = com.sun.net.httpserver.HttpServer.create(new java.net.InetSocketAddress("127.0.0.1", 0), 0);
        byte[] set = auth.jwks().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        server.createContext("/", exchange -> {
            boolean away = asked.incrementAndGet() <= 2;
            exchange.sendResponseHeaders(away ? 503 : 200, away ? -1 : set.length);
            if (!away) exchange.getResponseBody().write(set);
            exchange.close();
        });
        server.start();
        Keys keys = new Keys(config(Map.of("SHOP_JWKS_URL", "http://127.0.0.1:" + server.getAddress().getPort())));
        keys.start();
        try {
            for (long end = System.currentTimeMillis() + 10_000; ; Thread.sleep(20)) {
                try {
                    That.same("known", "anna", keys.caller("Bearer " + auth.customer("anna")).subject());
                    return;
                } catch (Problem e) {
                    That.holds("auth has been back for long, and its keys are not known", System.currentTimeMillis() < end);
                }
            }
        } finally {
            keys.interrupt();
            server.stop(0);
        }
    }

    public void aSetThatCannotBeReadDoesNotStart() {
        for (String set : List.of("{", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"AAAA\"}]}"))
            That.thrown(set, IllegalArgumentException.class, () -> new Keys(config(Map.of("SHOP_JWKS", set))));
    }

    public void whatIsMissingInTheEnvironmentIsToldAtOnceAndNoSecret() {
        IllegalArgumentException e = That.thrown("nothing", IllegalArgumentException.class, () -> new Config(Map.of("DATABASE_URL", "mysql://a:secret@b", "PORT", "x"), "wishlists"));
        That.holds(e.getMessage(), e.getMessage().contains("SHOP is not set") && e.getMessage().contains("SHOP_RELEASE") && e.getMessage().contains("PORT is \"x\"") && !e.getMessage().contains("secret"));
        That.same("1m30s", 90_000L, Config.duration("1m30s"));
        That.same("800ms", 800L, Config.duration("800ms"));
        That.same("no unit", null, Config.duration("5"));
    }
}
