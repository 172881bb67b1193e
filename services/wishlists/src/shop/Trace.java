package shop;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** W3C Trace Context: a trace is taken from the caller's traceparent or begun. */
public final class Trace {
    private static final Pattern FORM = Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
    private static final SecureRandom RANDOM = new SecureRandom();

    private Trace() {}

    public static byte[] random(int bytes) {
        byte[] made = new byte[bytes];
        RANDOM.nextBytes(made);
        return made;
    }

    /** The traceparent of this hop: of the trace that the caller's names, or of a new one where that is missing or wrong. */
    static String join(String traceparent) {
        Matcher m = FORM.matcher(traceparent == null ? "" : traceparent);
        String span = HexFormat.of().formatHex(random(8));
        // Version ff is forbidden; version 00 has nothing behind the flags, later ones may.
        boolean valid = m.matches() && !m.group(1).equals("ff") && !(m.group(1).equals("00") && m.group(5) != null) && !zero(m.group(2)) && !zero(m.group(3));
        if (!valid) return "00-" + HexFormat.of().formatHex(random(16)) + "-" + span + "-00";
        // Of the flags of a later version only the first one means anything to us.
        return "00-" + m.group(2) + "-" + span + "-0" + (Integer.parseInt(m.group(4), 16) & 1);
    }

    static String id(String traceparent) {
        return traceparent.substring(3, 35);
    }

    private static boolean zero(String hex) {
        return hex.chars().allMatch(c -> c == '0');
    }
}
