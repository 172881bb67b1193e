package wishlists;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import shop.Json;
import shop.Problem;
import test.That;
import wishlists.Rules.Item;
import wishlists.Rules.Share;
import wishlists.Rules.Wishlist;

public class RulesTest {
    private static final Instant T = Instant.parse("2026-11-27T12:00:00Z");

    private static Item item(int quantity, String note) {
        return new Item("KIT-1001", quantity, note, T);
    }

    private static Wishlist list() {
        return new Wishlist("0198c9a5-0000-7000-8000-000000000001", 7, "customer-anna", "Birthday", 3, new Share("secret-token", T), T, T, List.of(item(2, "for Ben, 12 Main Street")));
    }

    public void wantedNumbersAreAddedUpToTheMost() {
        That.same("new there", item(2, "a"), Rules.merged(item(2, "a"), null));
        That.same("both", 5, Rules.merged(item(2, null), item(3, null)).quantity());
        That.same("the most", 99, Rules.merged(item(98, null), item(97, null)).quantity());
        That.same("the note that is there stays", "there", Rules.merged(item(1, "moved"), item(1, "there")).note());
        That.same("or comes along", "moved", Rules.merged(item(1, "moved"), item(1, null)).note());
    }

    public void whoHasTheLinkLearnsNothingOfTheCustomer() {
        That.same("all there is", "{\"name\":\"Birthday\",\"items\":[{\"sku\":\"KIT-1001\",\"quantity\":2}]}", Json.write(Rules.open(list())));
    }

    public void anotherOnesListIsNotThere() {
        That.same("own", list(), Rules.mustOwn(list(), "customer-anna", "x"));
        That.same("another's", 404, That.thrown("another's", Problem.class, () -> Rules.mustOwn(list(), "customer-ben", "x")).status);
        That.same("none", 404, That.thrown("none", Problem.class, () -> Rules.mustOwn(null, "customer-ben", "x")).status);
    }

    public void namesSaySomething() {
        That.same("without blanks around", "A b", Rules.name(Map.of("name", " A b\n")));
        for (String blank : List.of(" ", "\t\n", "\u2003")) That.same("blank", 422, That.thrown("blank", Problem.class, () -> Rules.name(Map.of("name", blank))).status);
        That.same("a note of blanks is none", null, Rules.note(Map.of("name", "x", "note", "  ")));
        That.same("a note is kept as it is", " a ", Rules.note(Map.of("note", " a ")));
    }

    public void thereIsAnEndToAll() {
        Rules.mustHaveRoom(199);
        That.same("201 products", 409, That.thrown("full", Problem.class, () -> {
            Rules.mustHaveRoom(200);
            return "room";
        }).status);
        Rules.mayMakeAnother(499);
        That.same("501 lists", 409, That.thrown("full", Problem.class, () -> {
            Rules.mayMakeAnother(500);
            return "room";
        }).status);
    }
}
