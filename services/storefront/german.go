// What pages say in German.
package storefront

// germanTexts are by what they are in English. TestWhatHasNoGerman lists what is missing.
var germanTexts = map[string]string{
	// layout
	"Skip to content": "Zum Inhalt", "Search products": "Produkte suchen", "Search this category": "In dieser Kategorie suchen", "Search": "Suchen",
	"Cart": "Warenkorb", "Account": "Konto", "Sign in": "Anmelden", "All prices": "Alle Preise", "what it costs": "was es kostet", "About the shop": "Über den Shop", "Find your order": "Bestellung finden",
	"Error": "Fehler", "Language": "Sprache", "incl. VAT, plus shipping": "inkl. MwSt., zzgl. Versand",
	// lists
	"Price": "Preis", "Others also bought": "Andere kauften auch", "All products": "Alle Produkte", "Results for “%s”": "Ergebnisse für „%s“",
	"Results for “%s” in %s": "Ergebnisse für „%s“ in %s", "More than %d products": "Mehr als %d Produkte", "Welcome to %s": "Willkommen bei %s",
	"%s in %d categories.": "%s in %d Kategorien.", "Have a look around.": "Sehen Sie sich um.", "Shop by category": "Nach Kategorie einkaufen", "Categories": "Kategorien",
	"All": "Alle", "Products": "Produkte", "Nothing found here.": "Hier ist nichts zu finden.", "Try fewer or other words": "Versuchen Sie es mit weniger oder anderen Wörtern",
	"search in all categories": "suchen Sie in allen Kategorien", "or": "oder", "See all products": "Alle Produkte ansehen", "Pages": "Seiten",
	"Previous page": "Vorige Seite", "First page": "Erste Seite", "Next page": "Nächste Seite",
	// product
	"Breadcrumb": "Sie sind hier", "Sold out": "Ausverkauft", "Only %d left": "Nur noch %d da", "In stock": "Auf Lager", "Quantity": "Menge", "Add to cart": "In den Warenkorb",
	"Description": "Beschreibung", "Article": "Artikel", "What customers say": "Was Kunden sagen", "stars": "Sterne", "of": "von", "%s of %d stars": "%s von %d Sternen",
	"Helped %d": "Half %d", "And %d more.": "Und %d weitere.", "You may also like": "Das könnte Ihnen gefallen",
	// cart
	"Your cart": "Ihr Warenkorb", "Put it back": "Wieder hineinlegen", "each": "je Stück", "The price changed: it was %s.": "Der Preis hat sich geändert: es waren %s.",
	"Quantity of": "Menge von", "Update": "Ändern", "Remove": "Entfernen", "Together": "Zusammen", "Total": "Summe", "Checkout": "Zur Kasse",
	"Taxes and delivery are worked out for your address. Your cart is kept for 30 days.": "Steuern und Versand richten sich nach Ihrer Adresse. Ihr Warenkorb bleibt 30 Tage erhalten.",
	"Ordering is not open yet. Your cart is kept for 30 days.":                           "Bestellen ist noch nicht möglich. Ihr Warenkorb bleibt 30 Tage erhalten.",
	"Continue shopping": "Weiter einkaufen", "Your cart is empty.": "Ihr Warenkorb ist leer.", "Find something nice": "Etwas Schönes finden",
	"The product is removed.": "Das Produkt ist entfernt.", "%s is in your cart.": "%s liegt im Warenkorb.",
	"%s is in your cart. %d is the most you can have of it.": "%s liegt im Warenkorb. Mehr als %d davon sind nicht möglich.",
	"%s: you have %d of it in your cart.":                    "%s: davon liegen %d im Warenkorb.",
	// points and gift cards
	"Points and gift cards": "Punkte und Geschenkkarten", "Points to spend": "Punkte einlösen", "You can spend %d points. 100 points take off 1.00 EUR.": "Sie können %d Punkte einlösen. 100 Punkte sind 1,00 EUR Rabatt.",
	"Apply": "Anwenden", "the points": "(Punkte)", "the gift card": "(Geschenkkarte)", "%d points take off": "%d Punkte ergeben einen Rabatt von", "Code of a gift card": "Code einer Geschenkkarte", "pays": "zahlt", "Gift cards paid": "Geschenkkarten zahlten", "and": "und", "was left to pay": "blieben zu zahlen",
	"Gift card": "Geschenkkarte", "Points": "Punkte", "Left to pay": "Noch zu zahlen", "Sign in to use points and gift cards": "Melden Sie sich an, um Punkte und Geschenkkarten zu nutzen", "Card": "Karte",
	"Enter how many points, as a whole number.": "Geben Sie eine ganze Zahl von Punkten ein.", "You have no points that can be spent on this order.": "Sie haben keine Punkte, die sich für diese Bestellung einlösen lassen.",
	"Points cannot be spent on this order.": "Für diese Bestellung lassen sich keine Punkte einlösen.", "Enter the code of your gift card.": "Geben Sie den Code Ihrer Geschenkkarte ein.",
	"You have put in this card already.": "Diese Karte haben Sie schon eingegeben.", "More gift cards cannot be used at once.": "Mehr Geschenkkarten lassen sich nicht auf einmal nutzen.",
	"This card cannot be used on this order.": "Diese Karte lässt sich für diese Bestellung nicht nutzen.", "Too many codes were wrong. Wait a minute, then try again.": "Zu viele Codes waren falsch. Warten Sie eine Minute, und versuchen Sie es dann noch einmal.",
	"We know no such card, or there is nothing on it any more.":                       "Wir kennen diese Karte nicht, oder es ist nichts mehr darauf.",
	"Points and gift cards cannot be used at the moment. You can order without them.": "Punkte und Geschenkkarten lassen sich gerade nicht nutzen. Sie können ohne sie bestellen.",
	"Points and gift cards cannot be used at the moment, so they were taken out.":     "Punkte und Geschenkkarten lassen sich gerade nicht nutzen und wurden herausgenommen.",
	// errors
	"Try again": "Noch einmal versuchen", "To the shop": "Zum Shop",
	"We did not understand that":                                   "Das haben wir nicht verstanden",
	"We could not find that":                                       "Das haben wir nicht gefunden",
	"Something went wrong":                                         "Etwas ging schief",
	"We will be right back":                                        "Wir sind gleich wieder da",
	"That is not possible here":                                    "Das geht hier nicht",
	"That was too much at once":                                    "Das war zu viel auf einmal",
	"We have only pages here":                                      "Hier gibt es nur Seiten",
	"That came from another site":                                  "Das kam von einer anderen Website",
	"Something in the address or the form is not as it should be.": "Etwas an der Adresse oder am Formular ist nicht, wie es sein soll.",
	"For your safety we accept forms from our own pages only.":     "Zu Ihrer Sicherheit nehmen wir Formulare nur von unseren eigenen Seiten an.",
	"The page or product you are looking for is not here. It may have been sold out and taken away.": "Die Seite oder das Produkt gibt es hier nicht. Vielleicht war es ausverkauft und ist nicht mehr im Sortiment.",
	"This page cannot be used that way.":                                "Diese Seite kann so nicht benutzt werden.",
	"The form is larger than we accept.":                                "Das Formular ist größer, als wir es annehmen.",
	"Your browser asked for something that this address does not have.": "Ihr Browser wollte etwas, das es unter dieser Adresse nicht gibt.",
	"We accept plain forms only.":                                       "Wir nehmen nur einfache Formulare an.",
	"That is our fault, not yours. Please try again.":                   "Das liegt an uns, nicht an Ihnen. Bitte versuchen Sie es noch einmal.",
	"A part of the shop is not answering at the moment. Your cart is safe; please try again in a few seconds.": "Ein Teil des Shops antwortet gerade nicht. Ihr Warenkorb ist sicher; bitte versuchen Sie es in einigen Sekunden noch einmal.",
}
