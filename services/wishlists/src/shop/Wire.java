package shop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** HTTP/1.1 on one connection, on a thread of its own: limits of size and time, one answer after the other, and an end that loses nothing.
 * The server of the JDK answers 400 without a word of ours, and its limits are one for all that runs in a process. */
final class Wire implements Runnable {
    /** Who decides what is answered. */
    interface Handler {
        Answer answer(Request request);

        Answer refuse(Request request, Problem problem);

        void answered(Request request, int status);
    }

    static final int MOST_BODY = 1 << 20;
    private static final int SMALL = 16 << 10;
    // In ms. Idle longer than any proxy keeps a connection: the side that sends requests closes first, or one would be lost on the wire.
    private static final int IDLE = 180_000, HEADER = 5000, BODY = 30_000, LINGER = 1000;
    private static final int WAITING = 0, BUSY = 1, ENDED = 2;

    private final Socket socket;
    private final Server server;
    private final AtomicInteger state = new AtomicInteger(WAITING);
    // A connection ends after half a minute to a minute, so that those who ask find pods that came later.
    private final long tired = System.nanoTime() + ThreadLocalRandom.current().nextLong(30_000_000_000L, 60_000_000_000L);
    private byte[] buffer = new byte[2048];
    private int from, to;
    /** What was not read of the body of the request that is answered. */
    private Bodies bodies;

    Wire(Socket socket, Server server) {
        this.socket = socket;
        this.server = server;
    }

    @Override
    public void run() {
        try (socket) {
            socket.setTcpNoDelay(true);
            while (one()) {
                if (from == to && buffer.length > 4096) buffer = new byte[2048];
            }
        } catch (IOException e) {
            // the other side left
        } finally {
            server.forget(this);
        }
    }

    /** Ends the connection if nothing was asked; tells whether. */
    boolean endIdle() {
        try {
            if (state.get() != WAITING || socket.getInputStream().available() > 0 || !state.compareAndSet(WAITING, ENDED)) return state.get() == ENDED;
            socket.close();
            return true;
        } catch (IOException e) {
            return true;
        }
    }

    void abort() {
        try {
            socket.close();
        } catch (IOException e) {
            // it is closed
        }
    }

    /** Answers one request; tells whether another may follow. */
    private boolean one() throws IOException {
        Request r;
        try {
            if (from == to && !more(System.nanoTime() + IDLE * 1_000_000L, false)) return false;
        } catch (SocketTimeoutException e) {
            return false; // nobody asked anything
        }
        if (!state.compareAndSet(WAITING, BUSY)) return false;
        r = new Request();
        Answer answer;
        boolean framed = false;
        try {
            if (!head(r)) return false;
            bodies = new Bodies(r);
            framed = true;
            r.body = bodies::read;
            answer = server.handler.answer(r);
        } catch (Problem p) {
            answer = server.handler.refuse(r, p);
        } catch (SocketTimeoutException e) {
            answer = server.handler.refuse(r, Problem.plain(408, "The request stopped coming."));
        } finally {
            if (framed && bodies.large) server.wasLarge();
        }
        boolean whole = framed && bodies.discard();
        boolean last = !whole || r.last() || server.draining() || System.nanoTime() > tired;
        try {
            write(r, answer, last);
        } finally {
            server.handler.answered(r, answer.status);
        }
        if (!whole) linger();
        state.compareAndSet(BUSY, WAITING);
        return !last && !server.closing();
    }

    /** Reads up to the empty line; false where the other side left before it said anything. */
    private boolean head(Request r) throws IOException {
        long end = System.nanoTime() + HEADER * 1_000_000L;
        int seen = from;
        while (true) {
            while (from + 1 < to && buffer[from] == '\r' && buffer[from + 1] == '\n') seen = from += 2; // RFC 9112 2.2
            for (; seen + 3 < to; seen++) {
                if (buffer[seen] != '\r' || buffer[seen + 1] != '\n' || buffer[seen + 2] != '\r' || buffer[seen + 3] != '\n') continue;
                byte[] all = java.util.Arrays.copyOfRange(buffer, from, seen + 4);
                from = seen + 4;
                Head.parse(all, all.length, r);
                return true;
            }
            if (to - from > Head.READ) throw Head.tooLarge();
            int before = from;
            if (!more(end, true)) {
                if (from == to) return false;
                throw Head.unreadable();
            }
            seen -= before - from;
        }
    }

    /** Reads what comes before `end`; false at the end of what the other side sends. */
    private boolean more(long end, boolean keep) throws IOException {
        if (from == to && !keep) from = to = 0;
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, to - from);
            to -= from;
            from = 0;
        }
        if (to == buffer.length) buffer = java.util.Arrays.copyOf(buffer, 2 * buffer.length);
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) throw new SocketTimeoutException();
        socket.setSoTimeout((int) Math.min(left + 1, Integer.MAX_VALUE));
        int n = socket.getInputStream().read(buffer, to, buffer.length - to);
        if (n < 0) return false;
        to += n;
        return true;
    }

    private void write(Request r, Answer a, boolean last) throws IOException {
        StringBuilder head = new StringBuilder(512).append("HTTP/1.1 ").append(a.status).append(' ').append(Problem.REASONS.getOrDefault(a.status, "")).append("\r\n");
        for (Map.Entry<String, String> h : a.headers.entrySet()) head.append(h.getKey()).append(": ").append(h.getValue().replaceAll("[\\r\\n]", " ")).append("\r\n");
        if (a.status != 304 && a.status != 204) head.append("Content-Length: ").append(a.body == null ? 0 : a.body.length).append("\r\n");
        if (last) head.append("Connection: close\r\n");
        byte[] text = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        boolean body = a.body != null && !r.method.equals("HEAD") && a.status != 304 && a.status != 204;
        ByteArrayOutputStream all = new ByteArrayOutputStream(text.length + (body ? a.body.length : 0));
        all.write(text);
        if (body) all.write(a.body);
        OutputStream out = socket.getOutputStream();
        all.writeTo(out);
        out.flush();
    }

    /** Reads on for a moment after a last answer, so that the other side hears it before it meets a closed connection. */
    private void linger() throws IOException {
        socket.shutdownOutput();
        long end = System.nanoTime() + LINGER * 1_000_000L;
        try {
            do from = to = 0;
            while (more(end, false));
        } catch (SocketTimeoutException e) {
            // long enough
        }
    }

    /** The body of one request: by its length or in chunks. */
    private final class Bodies {
        private final Request r;
        private final boolean chunked;
        private long left;
        private boolean begun, done, broken;
        /** Whether it is one of the few large bodies that are held at a time. */
        boolean large;
        private int trailers;

        Bodies(Request r) {
            this.r = r;
            chunked = r.header("transfer-encoding") != null;
            left = chunked || !r.hasBody() ? 0 : Long.parseLong(r.header("content-length"));
            done = !chunked && left == 0;
        }

        /** All of it, `most` bytes at most. */
        byte[] read(int most) throws IOException {
            if (!chunked && left > most) throw Problem.plain(413, "The body is larger than " + (most >> 10) + " KiB.");
            if (!done && "100-continue".equalsIgnoreCase(r.header("expect"))) socket.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            ByteArrayOutputStream all = new ByteArrayOutputStream((int) Math.min(left, 8192));
            long end = System.nanoTime() + BODY * 1_000_000L;
            while (piece(end, all)) {
                if (all.size() > most) throw Problem.plain(413, "The body is larger than " + (most >> 10) + " KiB.");
                if (all.size() > SMALL && !large) large = server.mayBeLarge();
            }
            return all.toByteArray();
        }

        /** Reads what nobody wants, so that the caller hears the answer and the connection can be used again. Tells whether all came. */
        boolean discard() throws IOException {
            if (done) return true;
            if (broken || !begun && r.header("expect") != null) return false; // the other side waits to be asked for it
            long end = System.nanoTime() + LINGER * 1_000_000L;
            try {
                for (int n = 0; piece(end, null); n++) if (n > 4096) return false;
                return true;
            } catch (SocketTimeoutException | Problem e) {
                return false;
            }
        }

        /** Takes a piece of the body; false at its end. */
        private boolean piece(long end, ByteArrayOutputStream into) throws IOException {
            begun = true;
            if (!done && chunked && left == 0) chunk(end);
            if (done) return false;
            if (from == to && !more(end, false)) throw wrong("The body is broken off.");
            int n = (int) Math.min(left, to - from);
            if (into != null) into.write(buffer, from, n);
            from += n;
            left -= n;
            if (left == 0 && chunked && !line(end).isEmpty()) throw wrong("A chunk is longer than it says.");
            if (left == 0 && !chunked) done = true;
            return true;
        }

        /** Nobody knows where such a body ends: nothing may follow on the connection. */
        private Problem wrong(String what) {
            broken = true;
            return Problem.malformed(what);
        }

        private void chunk(long end) throws IOException {
            String size = line(end).split(";", 2)[0].strip();
            if (!size.matches("[0-9a-fA-F]{1,8}")) throw wrong("A chunk has no size.");
            left = Long.parseLong(size, 16);
            if (left > 0) return;
            while (!line(end).isEmpty()) if (++trailers > 16) throw wrong("There are too many trailers.");
            done = true;
        }

        private String line(long end) throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                if (from == to && !more(end, false)) throw wrong("The body is broken off.");
                char c = (char) (buffer[from++] & 0xff);
                if (c == '\n' && line.length() > 0 && line.charAt(line.length() - 1) == '\r') return line.substring(0, line.length() - 1);
                if (line.append(c).length() > 1024) throw wrong("A chunk has no size.");
            }
        }
    }
}
