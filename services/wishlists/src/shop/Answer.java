package shop;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is answered: a status, headers, and a body or none. */
public final class Answer {
    final int status;
    final Map<String, String> headers = new LinkedHashMap<>();
    final byte[] body;

    private Answer(int status, byte[] body) {
        this.status = status;
        this.body = body;
    }

    public static Answer json(int status, Object body) {
        return bytes(status, Json.write(body).getBytes(StandardCharsets.UTF_8), "application/json");
    }

    public static Answer bytes(int status, byte[] body, String type) {
        return new Answer(status, body).with("Content-Type", type);
    }

    public static Answer empty(int status) {
        return new Answer(status, null);
    }

    public Answer with(String name, String value) {
        headers.put(name, value);
        return this;
    }
}
