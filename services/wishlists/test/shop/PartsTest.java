package shop;

import java.util.List;
import test.That;

public class PartsTest {
    public void writesCompareTheVersionAlone() {
        for (String good : List.of("\"12-1f0c9a3e\"", "*", "\"9-x\", \"12-other\"", "\"12-\"")) Etag.mustMatch(good, 12);
        for (String wrong : List.of("\"1-1f0c9a3e\"", "\"120-x\"", "W/\"12-1f0c9a3e\"", "12-x", "\"12\"", "", "\"12-", "\"12-x\"y\"")) That.same(wrong, 412, That.thrown(wrong, Problem.class, () -> {
            Etag.mustMatch(wrong, 12);
            return "taken";
        }).status);
    }

    public void cachesCompareAllOfATagWeakly() {
        That.holds("the same", Etag.fresh("\"9-x\", W/\"12-a\"", "\"12-a\"") && Etag.fresh("*", "\"12-a\""));
        That.holds("another shape", !Etag.fresh("\"12-b\"", "\"12-a\"") && !Etag.fresh(null, "\"12-a\"") && !Etag.fresh("*", null));
    }

    public void aCursorFitsItsOwnListAlone() {
        String next = (String) Page.of(List.of(9, 8, 7), 2, n -> n, "of anna", n -> n).get("next");
        That.same("after the last one shown", 8L, Page.after(next, "of anna"));
        That.same("the last page", null, Page.of(List.of(9, 8), 2, n -> n, "of anna", n -> n).get("next"));
        for (String wrong : List.of("abc", "ü", next + "x", "OTk5")) That.same(wrong, 400, That.thrown(wrong, Problem.class, () -> Page.after(wrong, "of anna")).status);
        That.thrown("another customer's", Problem.class, () -> Page.after(next, "of berta"));
    }

    public void aTraceIsJoinedOrBegun() {
        String id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (String good : List.of("00-" + id + "-00f067aa0ba902b7-01", "01-" + id + "-00f067aa0ba902b7-01-extra")) That.same(good, id, Trace.id(Trace.join(good)));
        for (String wrong : List.of("", "00-" + id + "-00f067aa0ba902b7-01-x", "ff-" + id + "-00f067aa0ba902b7-01", "00-" + "0".repeat(32) + "-00f067aa0ba902b7-01", "00-" + id.toUpperCase() + "-00f067aa0ba902b7-01"))
            That.holds(wrong, !Trace.id(Trace.join(wrong)).equals(id));
    }

    public void aKeyThatCouldBeGuessedIsSeen() {
        That.holds("a UUID", Once.good("7d0a4f0e-5f0a-4c3e-9a53-0f4a1e7b6f21", true));
        That.holds("a name, of somebody known", Once.good("order-2026-11-27-1", false) && !Once.good("order-2026-11-27-1", true));
        That.holds("short, long, blank", !Once.good("1", false) && !Once.good("a".repeat(256), false) && !Once.good("a b c d e f g h i j", false));
        That.same("quoted", "7d0a", Once.key("\"7d0a\""));
    }

    public void theReleaseThatIsInTheWayIsFound() {
        That.same("an old one", "acme-1", Migrate.inTheWay(List.of("psql", "wishlists/acme-2/2", "wishlists/acme-1/1"), "wishlists", "acme-2", 2));
        That.same("none", null, Migrate.inTheWay(List.of("wishlists/acme-2/1", "reviews/acme-1/1", "wishlists/acme-1/2"), "wishlists", "acme-2", 2));
    }

    public void aSchemaThatDoesNotFitCountsAtOnceAndSilenceAfterAWhile() {
        That.holds("too old, too new", Watch.unfit("w", 2, 1, 1) != null && Watch.unfit("w", 2, 3, 3) != null && Watch.unfit("w", 2, 3, 2) == null);
        That.holds("not seen", Watch.notReady(null, 0) != null);
        That.same("silent for 29 s", null, Watch.notReady(new Watch.Seen(0, null), 29_000_000_000L));
        That.holds("silent for 31 s", Watch.notReady(new Watch.Seen(0, null), 31_000_000_000L) != null);
        That.holds("unfit", Watch.notReady(new Watch.Seen(0, "old"), 1) != null);
    }

    public void anyQAboveNothingIsAccepted() {
        for (String good : List.of("*/*", "text/html, application/json;q=0.1", "APPLICATION/*", "application/problem+json")) Media.mustBeAccepted(good);
        for (String wrong : List.of("text/html", "application/json;q=0", "application/json; q=0.0", ",")) That.same(wrong, 406, That.thrown(wrong, Problem.class, () -> {
            Media.mustBeAccepted(wrong);
            return "taken";
        }).status);
        That.same("a fragment", "#/a~1b/%C3%BC%22", Media.fragment("/a~1b/ü\""));
    }
}
