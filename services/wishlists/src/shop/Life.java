package shop;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** The life of a process: listen -> serve -> on SIGTERM not ready, still serving for the drain delay with Connection: close, until no proxy sends new
 * requests -> no new connections, what is in flight finishes within the drain limit -> ended with 0. */
public final class Life {
    private static volatile boolean stopping;

    private Life() {}

    /** Adds the probes and the documents. */
    public static void fix(Chain chain, Watch watch, byte[] openapi, Object contract) {
        chain.fix("/livez", () -> text(200, "ok\n")); // asks nobody: a restart would not mend a dependency
        chain.fix("/startupz", () -> probe(watch::notReady));
        chain.fix("/readyz", () -> stopping ? text(503, "[-] draining: the process has been told to stop\n") : probe(watch::notReady));
        chain.fix("/contract", () -> Answer.json(200, contract));
        chain.fix("/openapi.json", () -> Answer.bytes(200, openapi, "application/json"));
    }

    private static Answer probe(Supplier<String> why) {
        String wrong = why.get();
        return wrong == null ? text(200, "ok\n") : text(503, "[-] database: " + wrong + "\n");
    }

    private static Answer text(int status, String body) {
        return Answer.bytes(status, body.getBytes(StandardCharsets.UTF_8), "text/x-probe; charset=utf-8").with("Cache-Control", "no-store");
    }

    /** Opens both ports; SIGTERM ends the process. */
    public static void live(Config config, Server front, Server side, Watch watch) {
        Runtime.getRuntime().addShutdownHook(new Thread(null, () -> stop(config, front, side, watch), "stop", 256 << 10));
        front.start();
        side.start();
        Log.info("serving", "version", config.version, "port", front.port(), "metricsPort", side.port());
    }

    private static void stop(Config config, Server front, Server side, Watch watch) {
        Log.info("draining", "delay", config.drainDelay, "limit", config.drainLimit);
        stopping = true;
        front.goodbye();
        Server.pause(config.drainDelay);
        boolean all = front.close(config.drainLimit);
        side.close(0);
        watch.end();
        Log.info("stopped", "all", all);
        Runtime.getRuntime().halt(all ? 0 : 1); // Java would say 143
    }
}
