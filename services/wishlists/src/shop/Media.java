package shop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What is accepted, and what is sent. */
final class Media {
    private static final List<String> GOOD = List.of("*/*", "application/*", "application/json", "application/problem+json");
    private static final Map<String, String> ACCEPT = Map.of("POST", "Accept-Post", "PATCH", "Accept-Patch", "PUT", "Accept");

    private Media() {}

    /** Throws 406 when the caller takes no JSON. */
    static void mustBeAccepted(String accept) {
        if (accept == null || accept.isEmpty()) return;
        for (String item : accept.toLowerCase().split(",")) {
            String[] parts = Arrays.stream(item.split(";")).map(String::strip).toArray(String[]::new);
            boolean refused = Arrays.stream(parts).anyMatch(p -> p.matches("q=0(\\.0*)?"));
            if (parts.length > 0 && GOOD.contains(parts[0]) && !refused) return;
        }
        throw Problem.plain(406, "This service answers in application/json.");
    }

    /** Throws 415 unless the body says that it is JSON. That is UTF-8, so no other charset will do. */
    static void mustBeJson(String method, String contentType) {
        String[] parts = (contentType == null ? "" : contentType.toLowerCase()).split(";");
        boolean strange = Arrays.stream(parts).map(String::strip).anyMatch(p -> p.startsWith("charset=") && !p.matches("charset=\"?utf-8\"?"));
        if (parts.length > 0 && parts[0].strip().equals("application/json") && !strange) return;
        throw Problem.plain(415, "The body must be application/json.").with(ACCEPT.get(method), "application/json");
    }

    /** A JSON pointer as a URI fragment. */
    static String fragment(String pointer) {
        StringBuilder to = new StringBuilder("#");
        for (byte b : pointer.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c > ' ' && c < 127 && "\"#%<>[\\]^`{|}".indexOf(c) < 0) to.append(c);
            else to.append('%').append(String.format("%02X", (int) c));
        }
        return to.toString();
    }
}
