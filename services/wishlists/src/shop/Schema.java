package shop;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What JSON Schema says of a value: the part of it that descriptions of requests use. A word that is not known does not start. */
public final class Schema {
    private static final Set<String> KNOWN = Set.of("$ref", "type", "properties", "required", "additionalProperties", "items", "minLength", "maxLength", "pattern",
            "minimum", "maximum", "format", "enum", "description", "examples", "default");
    /** So many mistakes are told; a body can hold thousands. */
    private static final int TOLD = 20;
    public static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

    private final Map<String, Object> document;
    private final Map<String, Object> schema;
    private final Map<String, Pattern> patterns = new TreeMap<>();

    /** Checks that every word of the schema, and of those that it names, is known. */
    public Schema(Map<String, Object> schema, Map<String, Object> document) {
        this.document = document;
        this.schema = schema;
        prepare(schema);
    }

    private void prepare(Map<String, Object> at) {
        at = deref(at);
        for (String word : at.keySet()) if (!KNOWN.contains(word)) throw new IllegalStateException("openapi.json: what a request holds is described by " + word + ", which is not known");
        if (at.get("pattern") instanceof String p) patterns.put(p, compiled(p));
        if (at.get("properties") != null) for (Object member : Json.object(at.get("properties")).values()) prepare(Json.object(member));
        if (at.get("items") != null) prepare(Json.object(at.get("items")));
    }

    /** $ is the end (ECMA 262): to Java a line end may follow. */
    private static Pattern compiled(String p) {
        return Pattern.compile(p.endsWith("$") ? p.substring(0, p.length() - 1) + "\\z" : p);
    }

    Map<String, Object> deref(Map<String, Object> at) {
        if (!(at.get("$ref") instanceof String ref)) return at;
        Object found = document;
        for (String step : ref.substring(2).split("/")) found = Json.object(found).get(step);
        return Json.object(found);
    }

    /** Whether the schema wants a number: text of a query becomes one. */
    boolean wantsNumber() {
        return "integer".equals(deref(schema).get("type"));
    }

    Object fallback() {
        return deref(schema).get("default");
    }

    /** What is wrong with a value: reasons by JSON pointer, in order. */
    public Map<String, String> errors(Object value) {
        Map<String, String> found = new TreeMap<>();
        check(schema, value, "", found);
        return found;
    }

    private void check(Map<String, Object> at, Object value, String pointer, Map<String, String> found) {
        if (found.size() >= TOLD) return;
        at = deref(at);
        String why = typed((String) at.get("type"), value);
        if (why == null && value instanceof String s) why = text(at, s);
        if (why == null && value instanceof BigDecimal n) why = number(at, n);
        if (why == null && at.get("enum") instanceof List<?> allowed && !allowed.contains(value)) why = "one of " + Json.write(allowed);
        if (why != null) found.put(pointer, why);
        else if (value instanceof Map<?, ?>) members(at, Json.object(value), pointer, found);
        else if (value instanceof List<?> list && at.get("items") != null)
            for (int n = 0; n < list.size(); n++) check(Json.object(at.get("items")), list.get(n), pointer + "/" + n, found);
    }

    private static String typed(String type, Object value) {
        if (type == null) return null;
        switch (type) {
            case "object": return value instanceof Map ? null : "an object";
            case "array": return value instanceof List ? null : "a list";
            case "string": return value instanceof String ? null : "a text";
            case "boolean": return value instanceof Boolean ? null : "true or false";
            case "integer": return value instanceof BigDecimal n && whole(n) ? null : "a whole number";
            default: return value instanceof BigDecimal ? null : "a number";
        }
    }

    private static boolean whole(BigDecimal n) {
        return n.signum() == 0 || n.stripTrailingZeros().scale() <= 0;
    }

    private String text(Map<String, Object> at, String s) {
        int length = s.codePointCount(0, s.length());
        if (at.get("minLength") instanceof BigDecimal least && length < least.intValue()) return least.intValue() == 1 ? "it is empty" : "at least " + least + " characters";
        if (at.get("maxLength") instanceof BigDecimal most && length > most.intValue()) return "at most " + most + " characters";
        if (at.get("pattern") instanceof String p && !patterns.get(p).matcher(s).find()) return "it must match " + p;
        if ("uuid".equals(at.get("format")) && !UUID.matcher(s).matches()) return "a UUID";
        return Json.storable(s) ? null : "a text without NUL and without halves of surrogate pairs";
    }

    private static String number(Map<String, Object> at, BigDecimal n) {
        if (at.get("minimum") instanceof BigDecimal least && n.compareTo(least) < 0) return "at least " + least;
        if (at.get("maximum") instanceof BigDecimal most && n.compareTo(most) > 0) return "at most " + most;
        return null;
    }

    private void members(Map<String, Object> at, Map<String, Object> value, String pointer, Map<String, String> found) {
        Map<String, Object> known = at.get("properties") == null ? Map.of() : Json.object(at.get("properties"));
        if (at.get("required") != null) for (Object name : Json.list(at.get("required")))
            if (!value.containsKey(name)) found.put(pointer + "/" + name, "it is missing");
        for (Map.Entry<String, Object> member : value.entrySet()) {
            String step = pointer + "/" + member.getKey().replace("~", "~0").replace("/", "~1");
            Object described = known.get(member.getKey());
            if (described != null) check(Json.object(described), member.getValue(), step, found);
            else if (Boolean.FALSE.equals(at.get("additionalProperties")) && found.size() < TOLD) found.put(step, "there is no such member");
        }
    }
}
