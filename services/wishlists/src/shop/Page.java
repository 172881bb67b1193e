package shop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Lists a piece at a time: a limit, and an opaque cursor that says after which item the next piece begins. */
public final class Page {
    private Page() {}

    private static String hash(String filter) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(Etag.sha256(filter), 6));
    }

    /** The key after which the page begins, or null for the first page. A cursor fits only the filter that it was made for. */
    public static Long after(String cursor, String filter) {
        if (cursor == null || cursor.isEmpty()) return null;
        String[] read = {};
        try {
            read = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8).split(" ", -1);
        } catch (IllegalArgumentException e) {
            // told below
        }
        if (read.length == 2 && read[0].equals(hash(filter)) && read[1].matches("[0-9]{1,18}")) return Long.parseLong(read[1]);
        throw Problem.malformed("The cursor is not one of this list.").at("parameter", "query.cursor", "Use next of the page before, unchanged, with the same filter.");
    }

    /** A page of up to limit + 1 items; the one too many tells that there is a next page. */
    public static <T> Map<String, Object> of(List<T> items, int limit, ToLongFunction<T> key, String filter, Function<T, Object> shown) {
        boolean more = items.size() > limit;
        List<T> here = more ? items.subList(0, limit) : items;
        String next = more ? hash(filter) + " " + key.applyAsLong(here.get(limit - 1)) : null;
        return Json.of("items", here.stream().map(shown).toList(),
                "next", more ? Base64.getUrlEncoder().withoutPadding().encodeToString(next.getBytes(StandardCharsets.UTF_8)) : null);
    }
}
