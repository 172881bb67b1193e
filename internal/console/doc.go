// Package console is the web console: the pages that show a shop, and the forms by which a person acts on it.
//
// It adds no power. Whatever it reads or writes, it does as the person who asked, with their credentials, through
// internal/view (what is shown) and internal/act (what is written); the API server alone decides what they may. A button
// that is not allowed is shown disabled with the reason, and is never the lock.
//
//	guard (who may speak to us at all) → enter (who is it) → a page: Person reads → view.Shop → template
//	                                                         an act: Person acts  → 303 to the page that shows it
//	                                                         a stream: "changed", and the page is fetched again
//
// Everything works without JavaScript. The one script fetches the page that is shown again when the stream says that
// something changed, and puts the difference into it: there is one way in which a page comes about.
package console
