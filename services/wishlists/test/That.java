package test;

import java.util.Objects;
import java.util.concurrent.Callable;

/** What tests say. */
public final class That {
    private static final long PATIENCE = Long.getLong("patience", 120);

    private That() {}

    public static void same(String what, Object wanted, Object got) {
        if (!Objects.equals(wanted, got)) throw new AssertionError(what + ": wanted " + wanted + ", got " + got);
    }

    public static void holds(String what, boolean so) {
        if (!so) throw new AssertionError(what);
    }

    /** What the work throws, which must be of a class. */
    public static <E extends Throwable> E thrown(String what, Class<E> of, Callable<?> work) {
        Object result;
        try {
            result = work.call();
        } catch (Throwable e) {
            if (of.isInstance(e)) return of.cast(e);
            throw new AssertionError(what + ": threw " + e, e);
        }
        throw new AssertionError(what + ": wanted " + of.getSimpleName() + ", got " + result);
    }

    /** Waits until it is seen: what a test waits for is never slept for. */
    public static void until(String what, Callable<Boolean> seen) throws Exception {
        for (long end = System.nanoTime() + PATIENCE * 1_000_000_000; !seen.call(); Thread.sleep(20)) {
            if (System.nanoTime() > end) throw new AssertionError("it was never seen that " + what);
        }
    }
}
