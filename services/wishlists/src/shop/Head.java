package shop;

import java.nio.charset.StandardCharsets;

/** Reads the header of a request (RFC 9112), strictly: what two readers could understand differently is 400. */
final class Head {
    /** Most bytes of a request line, names and values together. */
    static final int MOST = 16 << 10;
    /** Beyond this nobody goes on reading for the sake of a polite answer. */
    static final int READ = 64 << 10;

    private Head() {}

    /** Fills a request from the bytes of its header, with the empty line at the end. What was understood before it went wrong stays in the request. */
    static void parse(byte[] bytes, int length, Request into) {
        String[] lines = new String(bytes, 0, length, StandardCharsets.ISO_8859_1).split("\r\n", -1);
        int size = first(lines[0], into);
        int hosts = 0, lengths = 0;
        for (int n = 1; n < lines.length - 2; n++) {
            int colon = lines[n].indexOf(':');
            String name = colon < 0 ? "" : lines[n].substring(0, colon).toLowerCase();
            String value = lines[n].substring(colon + 1).strip();
            if (!token(name) || !visible(value)) throw unreadable();
            if (name.equals("host")) hosts++;
            if (name.equals("content-length") || name.equals("transfer-encoding")) lengths++;
            size += name.length() + value.length();
            into.headers.merge(name, value, (a, b) -> a + ", " + b);
        }
        if (size > MOST) throw tooLarge();
        if (hosts > 1 || hosts == 0 && !into.http10 || lengths > 1) throw Problem.malformed("A request names one Host and one length.");
        framed(into);
    }

    static Problem tooLarge() {
        return Problem.plain(431, "The header is larger than 16 KiB.");
    }

    static Problem unreadable() {
        return Problem.malformed("This is no request that can be read.");
    }

    private static int first(String line, Request into) {
        String[] parts = line.split(" ", -1);
        if (parts.length != 3 || !token(parts[0]) || !parts[2].matches("HTTP/1\\.[01]") || parts[1].isEmpty() || !visible(parts[1])) throw unreadable();
        into.method = parts[0];
        into.http10 = parts[2].endsWith("0");
        String target = parts[1];
        int host = target.startsWith("http://") ? 7 : target.startsWith("https://") ? 8 : -1;
        if (host > 0) { // as a proxy is asked
            int path = target.indexOf('/', host);
            target = path < 0 ? "/" : target.substring(path);
        }
        into.target = target;
        return line.length();
    }

    /** Where the body ends must be beyond doubt: the rest of the connection depends on it. */
    private static void framed(Request r) {
        String length = r.header("content-length");
        String coding = r.header("transfer-encoding");
        if (length != null && !length.matches("[0-9]{1,15}")) throw Problem.malformed("Content-Length is no number.");
        if (coding != null && (r.http10 || !coding.equalsIgnoreCase("chunked"))) throw Problem.malformed("A body comes in chunks or with its length.");
    }

    private static boolean token(String s) {
        for (int n = 0; n < s.length(); n++) {
            char c = s.charAt(n);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$%&'*+-.^_`|~".indexOf(c) >= 0)) return false;
        }
        return !s.isEmpty();
    }

    private static boolean visible(String s) {
        for (int n = 0; n < s.length(); n++) if (s.charAt(n) < ' ' && s.charAt(n) != '\t' || s.charAt(n) == 127) return false;
        return true;
    }
}
