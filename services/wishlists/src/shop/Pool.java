package shop;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.postgresql.Driver;

/** Connections to the service's own part of the shop's database, made when they are used: one that is not there yet is a reason to be not ready, not a reason to die. */
public final class Pool {
    /** What runs on a connection. */
    public interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    private record Idle(Connection connection, long since) {}

    static final long STATEMENT = 5000;
    /** An idle connection is a process of the server, of some 2 MB. */
    private static final long IDLE = 30_000_000_000L;

    private final Config config;
    private final String application;
    private final Deque<Idle> idle = new ArrayDeque<>();
    private final Semaphore free;

    /** The application's name tells the floor who still needs an old shape: wishlists/release/version. */
    public Pool(Config config, String schema, int needs) {
        this.config = config;
        application = schema + "/" + config.release + "/" + needs;
        free = new Semaphore(config.connections - 1); // the other one looks
    }

    /** A connection whose statements are each a transaction. A server that vanished is given up after `statement` ms and one second; 0 waits for ever. */
    static Connection connect(Config config, String application, long statement) throws SQLException {
        URI url = URI.create(config.databaseUrl);
        Properties p = new Properties();
        String[] user = (url.getRawUserInfo() == null ? "" : url.getRawUserInfo()).split(":", 2);
        p.setProperty("user", decode(user[0]));
        if (user.length == 2) p.setProperty("password", decode(user[1]));
        p.setProperty("gssEncMode", "disable");
        if (url.getRawQuery() != null) for (String pair : url.getRawQuery().split("&")) {
            String[] of = pair.split("=", 2);
            if (of.length == 2) p.setProperty(of[0].equals("application_name") ? "ignored" : decode(of[0]), decode(of[1]));
        }
        p.setProperty("ApplicationName", application);
        p.setProperty("assumeMinServerVersion", "12");
        p.setProperty("connectTimeout", "2");
        p.setProperty("socketTimeout", String.valueOf(statement == 0 ? 0 : statement / 1000 + 1));
        p.setProperty("tcpKeepAlive", "true");
        p.setProperty("options", "-c statement_timeout=" + statement + " -c idle_in_transaction_session_timeout=10000");
        String at = url.getHost() + ":" + (url.getPort() < 0 ? 5432 : url.getPort());
        Connection made = new Driver().connect("jdbc:postgresql://" + at + url.getRawPath(), p);
        if (made == null) throw new SQLException("DATABASE_URL names no database", "08001");
        return made;
    }

    private static String decode(String s) {
        return URLDecoder.decode(s.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Runs statements, each a transaction of its own. */
    public <T> T each(Work<T> work) throws SQLException {
        return with(work);
    }

    /** Runs work in one transaction. What PostgreSQL undid for the sake of another one is done again, three times. */
    public <T> T transaction(Work<T> work) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                return with(c -> inOne(c, work));
            } catch (SQLException e) {
                if (attempt == 3 || !"40001".equals(e.getSQLState()) && !"40P01".equals(e.getSQLState())) throw e;
            }
        }
    }

    static <T> T inOne(Connection c, Work<T> work) throws SQLException {
        c.setAutoCommit(false);
        try {
            T result = work.on(c);
            c.commit();
            return result;
        } catch (SQLException | RuntimeException | Error e) {
            try {
                c.rollback();
            } catch (SQLException lost) {
                c.close(); // PostgreSQL rolls back what nobody ends
            }
            throw e;
        } finally {
            if (!c.isClosed()) c.setAutoCommit(true);
        }
    }

    private <T> T with(Work<T> work) throws SQLException {
        acquire();
        Connection c = null;
        boolean good = false;
        try {
            c = take();
            c.setNetworkTimeout(Runnable::run, (int) Deadline.left(STATEMENT + 1000));
            T result = work.on(c);
            good = true;
            return result;
        } catch (SQLException e) {
            good = !Problem.passing(e);
            if (!good && c != null) flush(); // whoever ended one connection ended the others, too
            throw e;
        } catch (RuntimeException e) {
            good = true;
            throw e;
        } finally {
            give(c, good);
            free.release();
        }
    }

    private void acquire() {
        try {
            if (free.tryAcquire(Deadline.left(STATEMENT), TimeUnit.MILLISECONDS)) return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw Problem.unavailable("The answer would come too late.");
    }

    private Connection take() throws SQLException {
        synchronized (idle) {
            if (!idle.isEmpty()) return idle.pop().connection;
        }
        return connect(config, application, STATEMENT);
    }

    private void give(Connection c, boolean good) {
        try {
            if (c == null) return;
            if (!good || c.isClosed()) {
                c.close();
                return;
            }
            synchronized (idle) {
                idle.push(new Idle(c, System.nanoTime()));
            }
        } catch (SQLException e) {
            // it is gone either way
        }
    }

    /** Closes connections that nobody used for a while. */
    void reap() {
        close(System.nanoTime() - IDLE);
    }

    /** Closes every idle connection: PostgreSQL went away. */
    void flush() {
        close(Long.MAX_VALUE);
    }

    private void close(long before) {
        Deque<Connection> out = new ArrayDeque<>();
        synchronized (idle) {
            for (Iterator<Idle> all = idle.iterator(); all.hasNext(); ) {
                Idle one = all.next();
                if (before != Long.MAX_VALUE && one.since - before > 0) continue;
                all.remove();
                out.add(one.connection);
            }
        }
        for (Connection c : out) give(c, false);
    }
}
