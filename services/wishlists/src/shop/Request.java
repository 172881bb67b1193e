package shop;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** What was asked: the header, and a body that is read when it is wanted. */
public final class Request {
    /** Where the body comes from. */
    interface Body {
        /** All of it, or Problem 413 or 408. */
        byte[] read(int most) throws IOException;
    }

    final long began = System.nanoTime();
    String method = "";
    String target = "/";
    /** Names in lower case; what came twice is joined by a comma. */
    final Map<String, String> headers = new TreeMap<>();
    boolean http10;
    Body body;
    /** What the answer says of itself, and what is measured. */
    String traceparent = Trace.join(null);
    String route = "unmatched";
    /** Whether it counts among those that are being answered. */
    boolean counted;

    String header(String name) {
        return headers.get(name);
    }

    String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    String query() {
        int query = target.indexOf('?');
        return query < 0 ? "" : target.substring(query + 1);
    }

    /** Whether a body comes, or was announced. */
    boolean hasBody() {
        String length = header("content-length");
        return header("transfer-encoding") != null || length != null && !length.equals("0");
    }

    /** Whether one who speaks HTTP/1.0, or says so, wants no second answer. */
    boolean last() {
        String connection = String.valueOf(header("connection")).toLowerCase();
        return http10 || connection.contains("close") || header("upgrade") != null || method.equals("CONNECT");
    }
}
