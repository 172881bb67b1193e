package shop;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import test.Client;
import test.That;

public class WireTest {
    private static final String GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private final AtomicInteger answered = new AtomicInteger();

    /** Answers with what was asked and the body. */
    private Server echo() throws Exception {
        Server server = new Server(0, new Wire.Handler() {
            @Override
            public Answer answer(Request r) {
                try {
                    String body = r.path().equals("/unread") ? "" : new String(r.body.read(1000), java.nio.charset.StandardCharsets.UTF_8);
                    return Answer.bytes(200, (r.method + " " + r.target + " " + body).getBytes(java.nio.charset.StandardCharsets.UTF_8), "text/plain");
                } catch (Problem p) {
                    return refuse(r, p);
                } catch (java.io.IOException e) {
                    return refuse(r, Problem.plain(408, "late"));
                }
            }

            @Override
            public Answer refuse(Request r, Problem p) {
                return Answer.bytes(p.status, "refused".getBytes(java.nio.charset.StandardCharsets.UTF_8), "text/plain");
            }

            @Override
            public void answered(Request r, int status) {
                answered.incrementAndGet();
            }
        });
        server.start();
        return server;
    }

    private void refused(int status, String... requests) throws Exception {
        Server server = echo();
        for (String request : requests) try (Client c = new Client(server.port(), null)) {
            c.send(request);
            That.same(request.substring(0, Math.min(200, request.length())), status, c.read(false).status());
            That.holds("nothing follows " + request.substring(0, Math.min(200, request.length())), c.ended());
        }
        server.close(0);
    }

    /** Two readers would find the end of such a request, or its host, in two places. */
    public void whatCouldBeUnderstoodTwiceIsRefused() throws Exception {
        String post = "POST /a HTTP/1.1\r\nHost: a\r\n";
        refused(400, post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", post + "Content-Length: +1\r\n\r\na",
                post + "Content-Length: 1, 1\r\n\r\na", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                post + "X: a\r\n folded\r\n\r\n", post + "X : a\r\n\r\n", post + "X\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n",
                "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/2.0\r\nHost: a\r\n\r\n", "GET /a\r\n\r\n", "G(T /a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    }

    public void aHeaderWithoutEndIsRefused() throws Exception {
        refused(431, "GET /" + "a".repeat(17_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(200_000), "GET /a HTTP/1.1\r\nHost: a\r\n" + "X: a\r\n".repeat(20_000));
    }

    public void aBodyThatIsTooLargeOrWrongIsRefused() throws Exception {
        String post = "POST /a HTTP/1.1\r\nHost: a\r\n", chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
        refused(413, post + "Content-Length: 99999999\r\n\r\n" + "a".repeat(2000), chunked + "7d1\r\n" + "a".repeat(2001));
        refused(400, chunked + "x\r\n", chunked + "-1\r\n", chunked + "1\r\nab\r\n0\r\n\r\n", chunked + "fffffffff\r\n", chunked + "1;" + "x".repeat(3000) + "\r\n");
    }

    public void requestsInOnePacketAreAnsweredInOrder() throws Exception {
        Server server = echo();
        try (Client c = new Client(server.port(), null)) {
            c.send("\r\n" + GET + "POST /b?x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;ext=1\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\nHEAD /c HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
            That.same("first", "GET /a ", c.read(false).body());
            That.same("second", "POST /b?x hello", c.read(false).body());
            That.same("HEAD tells the length and has no body", "8", c.read(true).headers().get("content-length"));
            That.same("fourth", "GET /a ", c.read(false).body());
        }
        server.close(0);
    }

    public void aRequestInSinglePiecesIsAnswered() throws Exception {
        Server server = echo();
        try (Client c = new Client(server.port(), null)) {
            for (char byteAlone : "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".toCharArray()) c.send(String.valueOf(byteAlone));
            That.same("whole", "POST /b abc", c.read(false).body());
        }
        server.close(0);
    }

    public void aBodyThatNobodyReadIsNotTheNextRequest() throws Exception {
        Server server = echo();
        try (Client c = new Client(server.port(), null)) {
            c.send("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: " + GET.length() + "\r\n\r\n" + GET + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
            That.same("the first", "POST /unread ", c.read(false).body());
            That.same("the next", "GET /next ", c.read(false).body());
        }
        server.close(0);
    }

    public void whoAsksWhetherToSendIsTold() throws Exception {
        Server server = echo();
        try (Client c = new Client(server.port(), null)) {
            c.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
            That.same("go on", 100, c.read(false).status());
            c.send("b");
            That.same("answer", "POST /a b", c.read(false).body());
        }
        server.close(0);
    }

    public void whoWantsOneAnswerGetsOne() throws Exception {
        Server server = echo();
        for (String request : List.of("GET /a HTTP/1.0\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) try (Client c = new Client(server.port(), null)) {
            c.send(request);
            That.same("says so", "close", c.read(false).headers().get("connection"));
            That.holds("ended", c.ended());
        }
        server.close(0);
    }

    public void anEndLosesNothingThatIsInFlight() throws Exception {
        Server server = echo();
        try (Client idle = new Client(server.port(), null); Client busy = new Client(server.port(), null)) {
            idle.send(GET);
            idle.read(false);
            busy.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
            That.until("one was answered", () -> answered.get() == 1);
            Thread closing = new Thread(() -> That.same("all were answered", true, server.close(60_000)));
            Throwable[] wrong = new Throwable[1];
            closing.setUncaughtExceptionHandler((t, e) -> wrong[0] = e);
            closing.start();
            That.holds("who asks nothing is ended", idle.ended());
            Thread.sleep(100); // some looks at what is open, each of which must spare it
            busy.send("b");
            Client.Answer last = busy.read(false);
            That.same("in flight", "POST /b ab", last.body());
            closing.join();
            That.same("nothing went wrong", null, wrong[0]);
        }
    }
}
