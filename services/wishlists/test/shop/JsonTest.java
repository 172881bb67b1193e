package shop;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import test.That;

public class JsonTest {
    public void whatIsWrittenIsReadAgain() {
        for (String text : List.of("{}", "[]", "null", "true", "-0.5", "{\"a\":[1,{\"b\":\"\\u0001\\\"\\\\\"}],\"c\":null}", "\"Über 🫖\"", "1E+400"))
            That.same(text, text, Json.write(Json.parse(text)));
    }

    public void whatIsNoJsonIsRefused() {
        for (String text : List.of("", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "1 2", "{\"a\" 1}", "[1}", "NaN", "\uFEFF1", "'a'"))
            That.thrown(text, IllegalArgumentException.class, () -> Json.parse(text));
    }

    public void twoMeaningsOfOneNameAreRefused() {
        That.thrown("a name twice", IllegalArgumentException.class, () -> Json.parse("{\"a\":1,\"\\u0061\":2}"));
    }

    public void whatIsNoUtf8IsRefused() {
        That.thrown("half a letter", IllegalArgumentException.class, () -> Json.parse(new byte[] {'"', (byte) 0xc3, '"'}));
        That.thrown("an overlong slash", IllegalArgumentException.class, () -> Json.parse(new byte[] {'"', (byte) 0xc0, (byte) 0xaf, '"'}));
        That.same("a letter", "ü", Json.parse("\"ü\"".getBytes(StandardCharsets.UTF_8)));
    }

    public void aSmallTextMakesNoLargeTree() {
        That.thrown("deep", IllegalArgumentException.class, () -> Json.parse("[".repeat(100_000)));
        That.thrown("wide", IllegalArgumentException.class, () -> Json.parse("[" + "0,".repeat(400_000) + "0]"));
        That.thrown("a long number", IllegalArgumentException.class, () -> Json.parse("9".repeat(500_000)));
        That.same("64 deep", "[".repeat(64) + "]".repeat(64), Json.write(Json.parse("[".repeat(64) + "]".repeat(64))));
    }

    public void theSameJsonHasOneCanonicalText() {
        String one = Json.canonical(Json.parse("{\"b\": 1.0, \"a\": [1e2, 0.00]}"));
        That.same("order, blanks, numbers", one, Json.canonical(Json.parse("{\"a\":[100,0],\"b\":1}")));
        That.holds("another value is another text", !one.equals(Json.canonical(Json.parse("{\"a\":[100,0],\"b\":2}"))));
        That.holds("a text is no number", !Json.canonical("1").equals(Json.canonical(new java.math.BigDecimal(1))));
    }

    public void whatPostgresqlCannotHoldIsSeen() {
        That.holds("NUL", !Json.storable("a\0"));
        That.holds("half a pair", !Json.storable("\ud83e") && !Json.storable("\ude96a") && !Json.storable("\ude96\ud83e"));
        That.holds("a pair", Json.storable("🫖") && Json.storable(""));
    }

    @SuppressWarnings("unchecked")
    public void aSchemaSaysAllThatIsWrongAndWhere() {
        Map<String, Object> schema = Json.object(Json.parse("{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":99},"
                + "\"s\":{\"type\":\"string\",\"maxLength\":2},\"id\":{\"type\":\"string\",\"format\":\"uuid\"}}}"));
        Schema s = new Schema(schema, Map.of());
        That.same("right", Map.of(), s.errors(Json.parse("{\"n\":1.0,\"s\":\"🫖🫖\"}")));
        That.same("wrong", List.of("/a~1b", "/id", "/n", "/s"), List.copyOf(s.errors(Json.parse("{\"a/b\":1,\"n\":1.5,\"s\":\"abc\",\"id\":\"x\"}")).keySet()));
        for (String n : List.of("0", "100", "\"1\"", "null", "true", "1e99", "1e999999999", "-1"))
            That.same(n, List.of("/n"), List.copyOf(s.errors(Json.parse("{\"n\":" + n + "}")).keySet()));
        That.same("missing", List.of("/n"), List.copyOf(s.errors(Json.parse("{}")).keySet()));
        That.same("no object", List.of(""), List.copyOf(s.errors(Json.parse("[]")).keySet()));
    }

    public void aWordOfASchemaThatIsNotKnownDoesNotStart() {
        That.thrown("oneOf", IllegalStateException.class, () -> new Schema(Json.object(Json.parse("{\"properties\":{\"a\":{\"oneOf\":[]}}}")), Map.of()));
    }
}
