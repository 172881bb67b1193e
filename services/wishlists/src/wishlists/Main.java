package wishlists;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import shop.Chain;
import shop.Config;
import shop.Json;
import shop.Keys;
import shop.Life;
import shop.Log;
import shop.Metrics;
import shop.Migrate;
import shop.Once;
import shop.OpenApi;
import shop.Pool;
import shop.Server;
import shop.Watch;

/** What wishlists is, its wiring, and the command line: serve (the default), migrate, openapi, version. */
public final class Main {
    /** The oldest version whose release still works with the newest schema; it rises when a migration takes something away. */
    private static final int FLOOR = 1;
    /** The folder with openapi.json, contract.json and migrations. */
    private static final Path FOLDER = Path.of(System.getProperty("shop.folder", "/app"));

    private Main() {}

    public static void main(String[] args) {
        String command = args.length == 0 ? "serve" : args[0];
        try {
            switch (command) {
                case "serve": serve(configured()); break;
                case "migrate": Migrate.whenThere(configured(), plan(FOLDER), 300_000); break;
                case "openapi": System.out.print(Files.readString(FOLDER.resolve("openapi.json"))); break;
                case "version": System.out.println(Config.version(System.getenv())); break;
                default:
                    System.err.println("wishlists: there is no command " + command + ", only serve, migrate, openapi, version");
                    System.exit(2);
            }
        } catch (Exception e) {
            Log.error(command + " failed", "error", Log.told(e));
            Runtime.getRuntime().halt(1);
        }
    }

    private static Config configured() {
        Config config = new Config(System.getenv(), Api.SCHEMA);
        Log.as(config);
        return config;
    }

    static Migrate.Plan plan(Path folder) {
        return new Migrate.Plan(Api.SCHEMA, Migrate.in(folder.resolve("migrations")), FLOOR);
    }

    private static Map<String, Object> contract(Config config, Path folder, int version) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>(Json.of("service", config.service, "version", config.version, "shop", config.shop, "release", config.release, "contract", "v1"));
        all.putAll(Json.object(Json.parse(Files.readString(folder.resolve("contract.json"))))); // the map of the shop reads the same file
        all.put("schema", Json.of("name", Api.SCHEMA, "version", version, "floor", FLOOR));
        return all;
    }

    /** The parts of a service that runs. */
    record Running(Server front, Server side, Watch watch, Pool pool) {}

    static Running wired(Config config, Path folder) throws IOException {
        byte[] text = Files.readAllBytes(folder.resolve("openapi.json"));
        Map<String, Object> document = Json.object(Json.parse(text));
        int version = plan(folder).version();
        Keys keys = new Keys(config);
        Pool pool = new Pool(config, Api.SCHEMA, version);
        Watch watch = new Watch(config, pool, Api.SCHEMA, version);
        Metrics metrics = new Metrics(config.version);
        Chain chain = new Chain(config, metrics, keys, new OpenApi(document), new Api(pool, document).handlers());
        Life.fix(chain, watch, text, contract(config, folder, version));
        Server front = new Server(config.port, chain), side = new Server(config.metricsPort, Chain.side(metrics));
        keys.start();
        watch.start();
        return new Running(front, side, watch, pool);
    }

    private static void serve(Config config) throws IOException {
        Running r = wired(config, FOLDER);
        Life.live(config, r.front, r.side, r.watch);
        forget(r.pool);
    }

    /** Any replica forgets old keys, at any time: a few rows at a time. This keeps the process, too: all other threads are of no account to Java. */
    private static void forget(Pool pool) {
        while (true) {
            try {
                Thread.sleep(600_000);
                while (Once.sweep(pool, Api.SCHEMA) > 0);
            } catch (Exception e) {
                Log.warn("forgetting old keys", "error", Log.told(e)); // the next time is soon enough
            }
        }
    }
}
