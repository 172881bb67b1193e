package shop;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Public keys that tokens are verified by (RFC 8037), and the tokens (RFC 7519). A set that cannot be read leaves the last good one in use. */
public final class Keys extends Thread {
    /** How far the clocks of two machines may be apart, in seconds. */
    private static final long SKEW = 10;
    /** How often the keys are read again, in ms. auth publishes a key an hour before it signs with it. */
    private static final long REFRESH = 30_000;
    /** How long after a look that failed they are read again: who started while auth was away would refuse its customers until then. */
    private static final long SOON = 1000;
    private static final int MOST = 256 << 10;
    /** What stands before an Ed25519 key in X.509 (RFC 8410). */
    private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

    private final Config config;
    private volatile Map<String, PublicKey> known = Map.of();

    /** The first look at what is near must succeed; auth may start after us. */
    public Keys(Config config) {
        super(null, null, "keys", 256 << 10);
        setDaemon(true);
        this.config = config;
        try {
            known = read(false);
        } catch (Exception e) {
            throw new IllegalArgumentException("reading the keys of tokens: " + e.getMessage());
        }
    }

    @Override
    public void run() {
        boolean failed = false;
        while (!isInterrupted()) {
            try {
                known = read(true);
                failed = false;
            } catch (Exception e) {
                // Of several looks that fail one after another the first is told.
                if (!failed) Log.warn("reading the keys of tokens: the last ones stay", "error", Log.told(e));
                failed = true;
            }
            try {
                Thread.sleep(failed ? SOON : REFRESH);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Of two keys with one id that of the last set counts: what is near. */
    private Map<String, PublicKey> read(boolean far) throws IOException, GeneralSecurityException {
        Map<String, PublicKey> all = new HashMap<>();
        if (far && !config.jwksUrl.isEmpty()) add(fetch(config.jwksUrl), all);
        if (!Config.first(config.jwks).isEmpty()) add(config.jwks, all);
        else if (!Config.first(config.jwksFile).isEmpty()) add(Files.readString(Path.of(config.jwksFile)), all);
        if (!Config.first(config.serviceJwks).isEmpty()) add(config.serviceJwks, all);
        return all;
    }

    private static void add(String set, Map<String, PublicKey> to) throws GeneralSecurityException {
        int found = 0;
        for (Object one : Json.list(Json.object(Json.parse(set)).get("keys"))) {
            Map<String, Object> key = Json.object(one);
            // Newer kinds of keys may stand beside ours.
            if (!"OKP".equals(key.get("kty")) || !"Ed25519".equals(key.get("crv")) || !(key.get("kid") instanceof String kid)) continue;
            byte[] x = Base64.getUrlDecoder().decode((String) key.get("x"));
            if (x.length != 32) throw new GeneralSecurityException("the key " + kid + " is not 32 bytes long");
            byte[] der = new byte[44];
            System.arraycopy(PREFIX, 0, der, 0, 12);
            System.arraycopy(x, 0, der, 12, 32);
            found++;
            to.put(kid, KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der)));
        }
        if (found == 0) throw new GeneralSecurityException("the set holds no Ed25519 key with a kid");
    }

    private static String fetch(String address) throws IOException {
        HttpURLConnection c = (HttpURLConnection) URI.create(address).toURL().openConnection();
        c.setConnectTimeout(2000);
        c.setReadTimeout(2000);
        c.setInstanceFollowRedirects(false);
        if (c.getResponseCode() != 200) throw new IOException("the answer is " + c.getResponseCode());
        try (InputStream in = c.getInputStream()) {
            byte[] bytes = in.readNBytes(MOST + 1);
            if (bytes.length > MOST) throw new IOException("the set is too large");
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** Reads an Authorization header. None is an anonymous caller; one that is not good is 401. */
    Caller caller(String authorization) {
        if (authorization == null || authorization.isEmpty()) return Caller.ANONYMOUS;
        try {
            String[] of = authorization.strip().split(" +");
            if (of.length == 2 && of[0].equalsIgnoreCase("bearer")) return verified(of[1], System.currentTimeMillis() / 1000);
        } catch (IllegalArgumentException | ClassCastException | GeneralSecurityException e) {
            // told below: nobody learns why
        }
        throw refused();
    }

    private static Problem refused() {
        return Problem.of("unauthenticated", "The token is not a good one.").with("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    }

    private Caller verified(String token, long now) throws GeneralSecurityException {
        String[] parts = token.split("\\.", -1);
        if (parts.length != 3) throw refused();
        Map<String, Object> header = part(parts[0]);
        // The algorithm is fixed: a token does not choose how it is checked. What is critical (RFC 7515 4.1.11) we would have to know.
        if (!"EdDSA".equals(header.get("alg")) || header.containsKey("crit") || !(header.get("kid") instanceof String kid)) throw refused();
        PublicKey key = known.get(kid);
        if (key == null) throw refused();
        Signature check = Signature.getInstance("Ed25519");
        check.initVerify(key);
        check.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        if (!check.verify(Base64.getUrlDecoder().decode(parts[2]))) throw refused();
        return admitted(kid, part(parts[1]), config.shop, now);
    }

    private static Map<String, Object> part(String text) {
        if (!(Json.parse(Base64.getUrlDecoder().decode(text)) instanceof Map<?, ?> all)) throw refused();
        return Json.object(all);
    }

    /** Whom the claims of a token name, whose signature is that of `kid`; throws 401 unless they count here and now. */
    static Caller admitted(String kid, Map<String, Object> claims, String shop, long now) {
        Object aud = claims.get("aud");
        boolean ours = shop.equals(aud) || aud instanceof List<?> list && list.contains(shop);
        boolean timely = claims.get("exp") instanceof BigDecimal && seconds(claims, "exp", 0) > now - SKEW && seconds(claims, "nbf", 0) <= now + SKEW && seconds(claims, "iat", 0) <= now + SKEW;
        String kind = (String) claims.get("kind");
        String subject = (String) claims.get("sub");
        if (!ours || !timely || kind == null || subject == null || subject.isEmpty() || !signs(kid, claims.get("iss"), kind, subject)) throw refused();
        if (!List.of("customer", "staff", "service").contains(kind)) throw refused();
        String scope = claims.get("scope") == null ? "" : (String) claims.get("scope");
        return new Caller(kind, subject, scope.isBlank() ? List.of() : List.of(scope.strip().split(" +")));
    }

    private static double seconds(Map<String, Object> claims, String name, double fallback) {
        return claims.get(name) == null ? fallback : ((BigDecimal) claims.get(name)).doubleValue();
    }

    /** Whether a key may sign such a token. The key of a service, "service/name/…", signs for that service and nobody else. */
    static boolean signs(String kid, Object issuer, String kind, String subject) {
        if (!kid.startsWith("service/")) return "auth".equals(issuer);
        int end = kid.indexOf('/', 8);
        if (end < 0) return false;
        String own = kid.substring(8, end);
        return kind.equals("service") && subject.equals(own) && ("service/" + own).equals(issuer);
    }
}
