package test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** One connection, on which bytes are sent as they are and answers are read as they come. */
public final class Client implements AutoCloseable {
    /** An answer. */
    public record Answer(int status, Map<String, String> headers, String body) {
        public String tag() {
            return headers.get("etag");
        }

        /** The text of a member that is there once. */
        public String member(String name) {
            int at = body.indexOf("\"" + name + "\":\"");
            return at < 0 ? null : body.substring(at + name.length() + 4, body.indexOf('"', at + name.length() + 4));
        }
    }

    private final int port;
    private final String token;
    private Socket socket;
    private boolean last;

    public Client(int port, String token) throws IOException {
        this.port = port;
        this.token = token;
        connect();
    }

    private void connect() throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(90_000);
        socket.setTcpNoDelay(true);
        last = false;
    }

    public void send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    /** A whole request; what is further said is name and value in turn. */
    public Answer ask(String method, String path, String body, String... more) throws IOException {
        if (last) { // it said goodbye: on a slow machine a test takes longer than a connection
            socket.close();
            connect();
        }
        StringBuilder all = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: a\r\n");
        if (token != null) all.append("Authorization: Bearer ").append(token).append("\r\n");
        for (int n = 0; n < more.length; n += 2) all.append(more[n]).append(": ").append(more[n + 1]).append("\r\n");
        if (body != null) all.append("Content-Type: application/json\r\nContent-Length: ").append(body.getBytes(StandardCharsets.UTF_8).length).append("\r\n");
        send(all + "\r\n" + (body == null ? "" : body));
        return read(method.equals("HEAD"));
    }

    public Answer post(String path, String body) throws IOException {
        return ask("POST", path, body, "Idempotency-Key", UUID.randomUUID().toString());
    }

    public Answer read(boolean head) throws IOException {
        InputStream in = socket.getInputStream();
        String first = line(in);
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) headers.put(line.substring(0, line.indexOf(':')).toLowerCase(), line.substring(line.indexOf(':') + 1).strip());
        last = "close".equals(headers.get("connection"));
        int length = head ? 0 : Integer.parseInt(headers.getOrDefault("content-length", "0"));
        return new Answer(Integer.parseInt(first.split(" ")[1]), headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    /** Whether the other side ended the connection, with nothing further said. */
    public boolean ended() throws IOException {
        return socket.getInputStream().read() < 0;
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) throw new IOException("the connection ended after \"" + line + "\"");
            if (c != '\r') line.write(c);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
