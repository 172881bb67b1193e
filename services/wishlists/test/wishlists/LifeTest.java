package wishlists;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import test.Client;
import test.PostgreSQL;
import test.That;
import test.Tokens;

/** The process as the cluster starts it. */
public class LifeTest {
    private static final Path FOLDER = Path.of(System.getProperty("shop.folder", "."));
    private final int port = PostgreSQL.freePort(), side = PostgreSQL.freePort();
    private final Path log = Files.createTempFile("wishlists-", ".log");
    private final Tokens auth = new Tokens("auth/1");

    public LifeTest() throws Exception {}

    private Process start(String command, Map<String, String> more) throws Exception {
        List<String> line = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "@" + FOLDER.resolve("java.options"), "-Dshop.folder=" + FOLDER, "-cp", System.getProperty("java.class.path"), "wishlists.Main", command));
        ProcessBuilder b = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        b.environment().putAll(Map.of("SHOP", "acme", "SHOP_RELEASE", "acme-1", "PORT", "" + port, "METRICS_PORT", "" + side, "DRAIN_DELAY", "300ms", "SHOP_JWKS", auth.jwks()));
        b.environment().putAll(more);
        Process p = b.start();
        Runtime.getRuntime().addShutdownHook(new Thread(p::destroyForcibly));
        return p;
    }

    private int status(String path) throws Exception {
        try (Client c = new Client(port, null)) {
            return c.ask("GET", path, null).status();
        } catch (java.io.IOException e) {
            return 0; // it does not listen yet
        }
    }

    public void whatIsMissingEndsTheStart() throws Exception {
        Process p = start("serve", Map.of("DATABASE_URL", "mysql://x"));
        That.same("a code of its own", 1, p.waitFor());
        That.holds(Files.readString(log), Files.readString(log).contains("DATABASE_URL is not an address of PostgreSQL"));
    }

    public void whoIsToldToStopFinishesWhatIsInFlight() throws Exception {
        String url = PostgreSQL.get().database("wishlists");
        Process p = start("serve", Map.of("DATABASE_URL", url));
        That.until("it is alive", () -> status("/livez") == 200);
        That.same("an empty database", 503, status("/startupz"));
        Process migrate = start("migrate", Map.of("DATABASE_URL", url));
        That.same(Files.readString(log), 0, migrate.waitFor());
        That.until("it is ready", () -> status("/readyz") == 200);
        try (Client c = new Client(port, auth.customer("olga"))) {
            c.send("POST /api/wishlists HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + auth.customer("olga") + "\r\nIdempotency-Key: " + UUID.randomUUID() + "\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"name\":");
            p.destroy();
            That.until("it is not ready", () -> status("/readyz") == 503);
            c.send("\"late\"}");
            Client.Answer a = c.read(false);
            That.same(a.body(), 201, a.status());
            That.same("says goodbye", "close", a.headers().get("connection"));
        }
        That.holds("it ends", p.waitFor(60, TimeUnit.SECONDS));
        That.same("with 0", 0, p.exitValue());
        That.holds("a log of JSON", Files.readAllLines(log).stream().allMatch(line -> line.startsWith("{\"time\":\"20") && line.endsWith("}")));
        That.holds("without tokens", !Files.readString(log).contains("Bearer") && !Files.readString(log).contains("olga"));
    }

    public void aPostgresqlThatCrashesIsOutlived() throws Exception {
        String url = PostgreSQL.get().database("wishlists");
        That.same("migrated", 0, start("migrate", Map.of("DATABASE_URL", url)).waitFor());
        Process p = start("serve", Map.of("DATABASE_URL", url));
        That.until("it is ready", () -> status("/readyz") == 200);
        try (Client c = new Client(port, auth.customer("paul"))) {
            That.same("made", 201, c.post("/api/wishlists", "{\"name\":\"x\"}").status());
            PostgreSQL.get().crash();
            try {
                Client.Answer away = c.post("/api/wishlists", "{\"name\":\"x\"}");
                That.same("in a moment " + away.body(), 503, away.status());
                That.same("says when", "1", away.headers().get("retry-after"));
                That.same("stays ready", 200, status("/readyz"));
                That.same("stays alive", 200, status("/livez"));
            } finally {
                PostgreSQL.get().up();
            }
            That.until("it makes lists again", () -> c.post("/api/wishlists", "{\"name\":\"x\"}").status() == 201); // the same process, the same connection
        }
        p.destroyForcibly();
    }
}
