package test;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A real server with passwords (SCRAM), one a run of tests. As root it runs as postgres, for it refuses to run as root; it ends with the tests, however they end. */
public final class PostgreSQL {
    private static PostgreSQL one;
    private final Path folder = Files.createTempDirectory("wishtest-");
    private final int port = freePort();
    private final String bin;
    private Process process;
    private int databases;

    private PostgreSQL() throws Exception {
        try (Stream<Path> found = Files.list(Path.of("/usr/lib/postgresql"))) {
            bin = found.sorted().reduce((a, b) -> b).orElseThrow() + "/bin/";
        }
        Files.writeString(folder.resolve("password"), "secret");
        if (root()) run("chown", "-R", "postgres", folder.toString());
        run(own(bin + "initdb", "-D", folder + "/data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", folder + "/password", "--no-sync", "-E", "UTF8", "--locale=C"));
        Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
        up();
    }

    public static synchronized PostgreSQL get() throws Exception {
        if (one == null) one = new PostgreSQL();
        return one;
    }

    public static int freePort() throws IOException {
        try (ServerSocket s = new ServerSocket(0)) {
            return s.getLocalPort();
        }
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static String[] own(String... command) {
        List<String> all = new ArrayList<>(root() ? List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=QUIT") : List.of("setpriv", "--pdeathsig=QUIT"));
        all.addAll(List.of(command));
        return all.toArray(new String[0]);
    }

    private static void run(String... command) throws Exception {
        Process p = new ProcessBuilder(command).directory(new java.io.File("/")).redirectErrorStream(true).start();
        String said = new String(p.getInputStream().readAllBytes());
        if (p.waitFor() != 0) throw new IllegalStateException(String.join(" ", command) + ": " + said);
    }

    public void up() throws Exception {
        process = new ProcessBuilder(own(bin + "postgres", "-D", folder + "/data", "-k", folder.toString(), "-p", "" + port, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"))
                .directory(new java.io.File("/")).redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
        That.until("PostgreSQL answers", () -> {
            try (Connection c = admin("postgres")) {
                return true;
            } catch (SQLException e) {
                if (!process.isAlive()) throw e;
                return false;
            }
        });
    }

    /** As when its machine is lost. */
    public void crash() throws Exception {
        Runtime.getRuntime().exec(new String[] {"kill", "-QUIT", "" + process.pid()}).waitFor();
        process.waitFor();
    }

    private void remove() {
        try {
            crash();
            run("rm", "-rf", folder.toString());
        } catch (Exception e) {
            // what is left is in /tmp
        }
    }

    public Connection admin(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?loginTimeout=5", "postgres", "secret");
    }

    /** An empty database, with a role that owns the schema and nothing else: DATABASE_URL. */
    public synchronized String database(String schema) throws SQLException {
        String name = schema + ++databases;
        try (Connection c = admin("postgres"); Statement s = c.createStatement()) {
            s.execute("CREATE ROLE " + name + " LOGIN PASSWORD 'p@ss/word'");
            s.execute("CREATE DATABASE " + name);
        }
        try (Connection c = admin(name); Statement s = c.createStatement()) {
            s.execute("CREATE SCHEMA " + schema + " AUTHORIZATION " + name);
        }
        return "postgres://" + name + ":p%40ss%2Fword@127.0.0.1:" + port + "/" + name + "?sslmode=disable";
    }
}
