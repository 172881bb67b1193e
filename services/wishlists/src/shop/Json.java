package shop;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** JSON (RFC 8259): objects are maps in their order, numbers are BigDecimal, null is null. Bounded: a small text must not become a large tree. */
public final class Json {
    static final int DEPTH = 64;
    static final int VALUES = 20_000;
    static final int DIGITS = 64;

    private final String text;
    private int at;
    private int depth;
    private int values;

    private Json(String text) {
        this.text = text;
    }

    /** What a text says, or IllegalArgumentException. */
    public static Object parse(String text) {
        Json json = new Json(text);
        json.blank();
        Object value = json.value();
        json.blank();
        if (json.at < text.length()) throw json.wrong("there is more behind the value");
        return value;
    }

    /** Of bytes in UTF-8, and nothing else. */
    public static Object parse(byte[] bytes) {
        try {
            return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("it is not UTF-8");
        }
    }

    @SuppressWarnings("unchecked")
    public static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    public static List<Object> list(Object value) {
        return (List<Object>) value;
    }

    /** An object of names and values in turn; a member whose value is null is left out. */
    public static Map<String, Object> of(Object... members) {
        Map<String, Object> made = new LinkedHashMap<>();
        for (int n = 0; n < members.length; n += 2) if (members[n + 1] != null) made.put((String) members[n], members[n + 1]);
        return made;
    }

    private IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what + " at " + at);
    }

    private void blank() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private Object value() {
        if (++values > VALUES) throw wrong("there are too many values");
        if (at == text.length()) throw wrong("it is broken off");
        switch (text.charAt(at)) {
            case '{': return nested(true);
            case '[': return nested(false);
            case '"': return string();
            case 't': return word("true", Boolean.TRUE);
            case 'f': return word("false", Boolean.FALSE);
            case 'n': return word("null", null);
            default: return number();
        }
    }

    private Object word(String word, Object means) {
        if (!text.startsWith(word, at)) throw wrong("there is no value");
        at += word.length();
        return means;
    }

    private Object nested(boolean object) {
        if (++depth > DEPTH) throw wrong("it is too deep");
        at++;
        Object all = object ? members() : elements();
        depth--;
        return all;
    }

    private List<Object> elements() {
        List<Object> all = new ArrayList<>(4);
        blank();
        if (next(']')) return all;
        do {
            blank();
            all.add(value());
            blank();
        } while (next(','));
        expect(']');
        return all;
    }

    private Map<String, Object> members() {
        Map<String, Object> all = new LinkedHashMap<>(8);
        blank();
        if (next('}')) return all;
        do {
            blank();
            if (at == text.length() || text.charAt(at) != '"') throw wrong("there is no name");
            String name = string();
            blank();
            expect(':');
            blank();
            // Two readers would take two different values of it.
            if (all.containsKey(name)) throw wrong("a name is there twice");
            all.put(name, value());
            blank();
        } while (next(','));
        expect('}');
        return all;
    }

    private boolean next(char c) {
        if (at == text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private void expect(char c) {
        if (!next(c)) throw wrong("there is no " + c);
    }

    private String string() {
        int begin = ++at;
        while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\' && text.charAt(at) >= ' ') at++;
        if (next('"')) return text.substring(begin, at - 1);
        StringBuilder made = new StringBuilder().append(text, begin, at);
        while (!next('"')) {
            if (at == text.length()) throw wrong("it is broken off");
            char c = text.charAt(at++);
            if (c < ' ') throw wrong("there is a control character");
            made.append(c == '\\' ? escaped() : c);
        }
        return made.toString();
    }

    private char escaped() {
        if (at == text.length()) throw wrong("it is broken off");
        char c = text.charAt(at++);
        int known = "\"\\/bfnrt".indexOf(c);
        if (known >= 0) return "\"\\/\b\f\n\r\t".charAt(known);
        if (c != 'u' || at + 4 > text.length()) throw wrong("there is no such escape");
        int code = 0;
        for (int n = 0; n < 4; n++) {
            int digit = Character.digit(text.charAt(at++), 16);
            if (digit < 0 || text.charAt(at - 1) > 'f') throw wrong("there is no such escape");
            code = code * 16 + digit;
        }
        return (char) code;
    }

    private BigDecimal number() {
        int begin = at;
        next('-');
        if (!next('0')) digits();
        if (next('.')) digits();
        if (next('e') || next('E')) {
            if (!next('+')) next('-');
            digits();
        }
        // Arithmetic on long numbers takes long.
        if (at - begin > DIGITS) throw wrong("the number is too long");
        try {
            return new BigDecimal(text.substring(begin, at));
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong("the number is too large");
        }
    }

    private void digits() {
        int begin = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') at++;
        if (at == begin) throw wrong("there is no value");
    }

    /** The text of a value. */
    public static String write(Object value) {
        StringBuilder to = new StringBuilder();
        write(value, to, false);
        return to.toString();
    }

    /** The same JSON has the same text, whatever its spaces, the order of its members and the form of its numbers. */
    public static String canonical(Object value) {
        StringBuilder to = new StringBuilder();
        write(value, to, true);
        return to.toString();
    }

    private static void write(Object value, StringBuilder to, boolean canonical) {
        if (value instanceof String s) quote(s, to);
        else if (value instanceof Map<?, ?> map) {
            char before = '{';
            Map<?, ?> members = canonical ? new TreeMap<Object, Object>(map) : map;
            for (Map.Entry<?, ?> member : members.entrySet()) {
                to.append(before);
                quote((String) member.getKey(), to);
                write(member.getValue(), to.append(':'), canonical);
                before = ',';
            }
            to.append(before == '{' ? "{}" : "}");
        } else if (value instanceof List<?> list) {
            char before = '[';
            for (Object element : list) {
                write(element, to.append(before), canonical);
                before = ',';
            }
            to.append(before == '[' ? "[]" : "]");
        } else if (canonical && value instanceof BigDecimal n) to.append(n.signum() == 0 ? "0" : n.stripTrailingZeros().toString());
        else to.append(value);
    }

    private static void quote(String s, StringBuilder to) {
        to.append('"');
        for (int n = 0; n < s.length(); n++) {
            char c = s.charAt(n);
            if (c == '"' || c == '\\') to.append('\\').append(c);
            else if (c == '\n') to.append("\\n");
            else if (c < ' ' || Character.isSurrogate(c) && !paired(s, n)) escape(c, to);
            else to.append(c);
        }
        to.append('"');
    }

    private static void escape(char c, StringBuilder to) {
        String hex = Integer.toHexString(c);
        to.append("\\u").append("0000", 0, 4 - hex.length()).append(hex);
    }

    private static boolean paired(String s, int n) {
        char c = s.charAt(n);
        if (Character.isHighSurrogate(c)) return n + 1 < s.length() && Character.isLowSurrogate(s.charAt(n + 1));
        return n > 0 && Character.isHighSurrogate(s.charAt(n - 1));
    }

    /** Whether PostgreSQL and UTF-8 can hold it: no NUL, no half of a pair. */
    public static boolean storable(String s) {
        for (int n = 0; n < s.length(); n++) {
            char c = s.charAt(n);
            if (c == 0 || Character.isSurrogate(c) && !paired(s, n)) return false;
        }
        return true;
    }
}
