package shop;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The description decides: routes, who may call them, and what a request may hold are read from openapi.json. */
public final class OpenApi {
    /** One operation of the description. */
    public static final class Operation {
        public final String id;
        public final String method;
        public final String path;
        final List<Object> security;
        final boolean key;
        final boolean conditional;
        /** null: it takes no body. */
        final Schema body;
        private final String[] steps;
        private final Map<String, Schema> inPath = new LinkedHashMap<>();
        private final Map<String, Schema> inQuery = new LinkedHashMap<>();

        Operation(String method, String path, Map<String, Object> of, Map<String, Object> document) {
            this.method = method;
            this.path = path;
            id = (String) of.get("operationId");
            security = Json.list(of.get("security"));
            steps = path.split("/", -1);
            boolean key = false, conditional = false;
            for (Object one : of.get("parameters") == null ? List.of() : Json.list(of.get("parameters"))) {
                Map<String, Object> p = Json.object(one);
                String name = (String) p.get("name");
                Schema schema = new Schema(Json.object(p.get("schema")), document);
                if ("path".equals(p.get("in"))) inPath.put(name, schema);
                if ("query".equals(p.get("in"))) inQuery.put(name, schema);
                key |= name.equals("Idempotency-Key");
                conditional |= name.equals("If-Match");
            }
            this.key = key;
            this.conditional = conditional;
            Object content = of.get("requestBody") == null ? null : Json.object(of.get("requestBody")).get("content");
            body = content == null ? null : new Schema(Json.object(Json.object(Json.object(content).get("application/json")).get("schema")), document);
        }

        private boolean matches(String[] path) {
            if (path.length != steps.length) return false;
            for (int n = 0; n < path.length; n++) if (!steps[n].startsWith("{") ? !steps[n].equals(path[n]) : path[n].isEmpty()) return false;
            return true;
        }

        /** The values of the path's parameters; 404 where one has a form that names nothing that could exist. */
        Map<String, String> values(String path) {
            String[] given = path.split("/", -1);
            Map<String, String> values = new TreeMap<>();
            for (int n = 0; n < steps.length; n++) {
                if (!steps[n].startsWith("{")) continue;
                String name = steps[n].substring(1, steps[n].length() - 1);
                String value = decode(given[n].replace("+", "%2B"));
                if (!inPath.get(name).errors(value).isEmpty()) throw Problem.notFound("thing", given[n]);
                values.put(name, value);
            }
            return values;
        }

        /** The values of the query's parameters, each as its schema wants it; what is wrong is added to `problem`. */
        Map<String, Object> query(String query, Problem problem) {
            Map<String, Object> values = new TreeMap<>();
            for (String pair : query.isEmpty() ? new String[0] : query.split("&")) {
                String[] of = pair.split("=", 2);
                String name = decode(of[0]);
                String text = of.length == 2 ? decode(of[1]) : "";
                Schema schema = inQuery.get(name);
                if (problem.errors.size() > 20) break;
                if (schema == null) problem.at("parameter", "query." + name, "there is no such parameter");
                else if (values.containsKey(name)) problem.at("parameter", "query." + name, "it may be there once");
                else values.put(name, converted(schema, name, text, problem));
            }
            inQuery.forEach((name, schema) -> { if (schema.fallback() != null) values.putIfAbsent(name, schema.fallback()); });
            return values;
        }

        private static Object converted(Schema schema, String name, String text, Problem problem) {
            Object value = schema.wantsNumber() && text.matches("-?[0-9]{1,9}") ? (Object) new java.math.BigDecimal(text) : text;
            schema.errors(value).forEach((at, why) -> problem.at("parameter", "query." + name, why));
            return value;
        }
    }

    private static final List<String> METHODS = List.of("get", "put", "post", "patch", "delete");
    public final List<Operation> operations = new ArrayList<>();

    public OpenApi(Map<String, Object> document) {
        Json.object(document.get("paths")).forEach((path, item) -> {
            for (String m : METHODS) {
                Object of = Json.object(item).get(m);
                if (of != null) operations.add(new Operation(m.toUpperCase(), path, Json.object(of), document));
            }
        });
    }

    /** The operation of a request, HEAD as GET; 404 or 405. */
    Operation find(String method, String path) {
        String[] given = path.split("/", -1);
        TreeSet<String> allow = new TreeSet<>();
        for (Operation o : operations) {
            if (!o.matches(given)) continue;
            if (o.method.equals(method.equals("HEAD") ? "GET" : method)) return o;
            allow.add(o.method);
        }
        if (allow.isEmpty()) throw Problem.plain(404, "There is nothing at this path.");
        if (allow.contains("GET")) allow.add("HEAD");
        throw Problem.plain(405, "This path does not take the method.").with("Allow", String.join(", ", allow));
    }

    private static String decode(String s) {
        try {
            return URLDecoder.decode(s, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return s; // no form fits it
        }
    }
}
