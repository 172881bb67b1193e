package shop;

/** How long the caller of the request that this thread answers still waits. */
public final class Deadline {
    /** The longest that an answer takes, in ms. */
    static final long ANSWER = 5000;
    private static final ThreadLocal<Long> END = new ThreadLocal<>();

    private Deadline() {}

    /** Begins at `began` (System.nanoTime); `header` is X-Shop-Deadline in ms, or null. One that is no number says nothing. */
    static void begin(long began, String header) {
        long allowed = header != null && header.matches("-?\\d{1,12}") ? Math.max(0, Math.min(ANSWER, Long.parseLong(header))) : ANSWER;
        END.set(began + allowed * 1_000_000);
        left(ANSWER);
    }

    static void end() {
        END.remove();
    }

    /** The milliseconds that are left, `most` at most; 503 when there are none. */
    static long left(long most) {
        if (END.get() == null) return most;
        long left = (END.get() - System.nanoTime()) / 1_000_000;
        if (left <= 0) throw Problem.unavailable("The answer would come too late.");
        return Math.min(left, most);
    }
}
