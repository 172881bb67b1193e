package shop;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/** Looks every two seconds whether the schema fits this release, on a connection of its own, so that no probe waits behind customers. Says when PostgreSQL goes and comes. */
public final class Watch extends Thread {
    record Seen(long at, String unfit) {}

    /** No look was answered for so long, in ns: then the pod is not ready. A restart of PostgreSQL takes less. */
    private static final long SILENCE = 30_000_000_000L;
    private static final long EVERY = 2000;
    /** No schema, no table, no right to it yet. */
    private static final Set<String> NOT_THERE = Set.of("3F000", "42P01", "42501");

    private final Config config;
    private final Pool pool;
    private final String schema;
    private final int needs;
    private volatile Seen seen;
    private volatile boolean stopped;
    private Connection connection;
    private boolean silent;

    public Watch(Config config, Pool pool, String schema, int needs) {
        super(null, null, "watch", 256 << 10);
        setDaemon(true);
        this.config = config;
        this.pool = pool;
        this.schema = schema;
        this.needs = needs;
    }

    @Override
    public void run() {
        while (!stopped) {
            once();
            pool.reap();
            try {
                Thread.sleep(EVERY);
            } catch (InterruptedException e) {
                break;
            }
        }
        drop();
    }

    void once() {
        try {
            if (connection == null) connection = Pool.connect(config, schema + "/" + config.release + "/" + needs, 2000);
            answered(look(connection));
        } catch (SQLException e) {
            if (NOT_THERE.contains(String.valueOf(e.getSQLState()))) answered("schema " + schema + " is not there yet");
            else unanswered(e);
        }
    }

    private String look(Connection c) throws SQLException {
        try (Statement s = c.createStatement();
                ResultSet r = s.executeQuery("SELECT (SELECT coalesce(max(version_id), 0) FROM " + schema + ".migrations WHERE is_applied), (SELECT coalesce(max(floor), 0) FROM " + schema + ".floor)")) {
            r.next();
            return unfit(schema, needs, r.getLong(1), r.getLong(2));
        }
    }

    /** Why a release that needs this version cannot use the schema, or null. */
    static String unfit(String schema, int needs, long version, long floor) {
        if (version < needs) return "schema " + schema + " has version " + version + ", this release needs " + needs;
        if (floor > needs) return "schema " + schema + " serves releases from version " + floor + " on, this one has " + needs;
        return null;
    }

    private void answered(String unfit) {
        if (silent) Log.info("PostgreSQL answers again");
        silent = false;
        seen = new Seen(System.nanoTime(), unfit);
    }

    private void unanswered(SQLException e) {
        if (!silent) Log.warn("PostgreSQL does not answer", "error", Log.told(e));
        silent = true;
        drop();
        pool.flush();
    }

    private void drop() {
        try {
            if (connection != null) connection.close();
        } catch (SQLException e) {
            // it is gone either way
        }
        connection = null;
    }

    /** Why the pod is not ready, or null. */
    String notReady() {
        return notReady(seen, System.nanoTime());
    }

    /** By what was seen last: a schema that does not fit counts at once, a silent PostgreSQL after a while. */
    static String notReady(Seen seen, long now) {
        if (seen == null) return "PostgreSQL was not seen yet";
        if (seen.unfit != null) return seen.unfit;
        return now - seen.at > SILENCE ? "PostgreSQL has not answered for " + (now - seen.at) / 1_000_000_000 + " s" : null;
    }

    /** Ends the look; the connection goes with the process. */
    public void end() {
        stopped = true;
        interrupt();
    }
}
