package shop;

import java.util.List;
import java.util.Map;

/** Who calls: a kind (customer, staff, service or anonymous), a name, and what staff may do. */
public record Caller(String kind, String subject, List<String> scopes) {
    public static final Caller ANONYMOUS = new Caller("anonymous", "", List.of());

    /** Throws 401 or 403 unless one of an operation's requirements admits the caller. None at all is a public operation. */
    void mustMeet(List<Object> security) {
        if (security.isEmpty()) return;
        for (Object requirement : security) if (meets(Json.object(requirement))) return;
        if (kind.equals("anonymous")) throw Problem.of("unauthenticated", "Say who you are: Authorization: Bearer <token>.").with("WWW-Authenticate", "Bearer");
        throw Problem.of("forbidden", "You are known, and may not do this.");
    }

    private boolean meets(Map<String, Object> requirement) {
        if (requirement.isEmpty()) return true; // also without a token; the operation's rule says what is theirs
        String scheme = requirement.keySet().iterator().next();
        List<Object> wanted = Json.list(requirement.get(scheme));
        switch (scheme) {
            case "owner": return true;
            case "customer": return kind.equals("customer");
            case "staff": return kind.equals("staff") && scopes.containsAll(wanted);
            case "service": return kind.equals("service") && (wanted.isEmpty() || wanted.contains(subject));
            default: return false;
        }
    }
}
