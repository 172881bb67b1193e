package shop;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Two people change one thing without losing a change: a write names the version that it was made for, or it is refused. An ETag is the row's version
 * and a hash of the answer's schema: "12-1f0c9a3e". Writes compare the version alone, so a page of the last release can still be saved after a switch. */
public final class Etag {
    private Etag() {}

    public static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The shape of a JSON Schema: eight hex digits. */
    public static String shape(Object... schemas) {
        return HexFormat.of().formatHex(sha256(Json.write(java.util.List.of(schemas)))).substring(0, 8);
    }

    public static String tag(long version, String shape) {
        return "\"" + version + "-" + shape + "\"";
    }

    /** Throws 412 unless If-Match names this version. A weak tag never matches: RFC 9110 wants the strong comparison here. */
    public static void mustMatch(String header, long version) {
        for (String part : header.split(",")) {
            String tag = part.strip();
            if (tag.equals("*") || tag.startsWith("\"" + version + "-") && tag.length() > 1 && tag.indexOf('"', 1) == tag.length() - 1) return;
        }
        throw Problem.stale();
    }

    /** Whether one of the copies that the reader has is what would be answered: the weak comparison. */
    static boolean fresh(String header, String tag) {
        if (header == null || tag == null) return false;
        for (String part : header.split(",")) {
            String have = part.strip();
            if (have.equals("*") || (have.startsWith("W/") ? have.substring(2) : have).equals(tag)) return true;
        }
        return false;
    }
}
