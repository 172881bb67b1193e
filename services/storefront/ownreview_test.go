package storefront

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/client/clienttest"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

const annsReview = "0198c9a5-0000-7000-8000-0000000000f1"

// reviewing is a house with a double of reviews, held to its document. It has one review at most: Ann's.
type reviewing struct {
	*house
	arrived bool
	// said is the review, nil for none; turn is its version; state is what the next one gets.
	said  map[string]any
	turn  int
	state string
	keys  []string
}

func newReviewing(t *testing.T) *reviewing {
	t.Helper()
	h := &reviewing{house: newHouse(t), arrived: true, state: "published"}
	double := clienttest.Double(t, "../reviews/openapi.json", h.of("reviews", map[string]http.HandlerFunc{
		"GET /api/reviews":  func(out http.ResponseWriter, _ *http.Request) { clienttest.JSON(out, 200, two("LAMP-1")) },
		"POST /api/reviews": h.creates, "GET /api/reviews/{id}": h.reads, "PUT /api/reviews/{id}": h.changes,
	}))
	h.start(t, "REVIEWS_URL", double.URL)
	return h
}

func (h *reviewing) creates(out http.ResponseWriter, r *http.Request) {
	switch {
	case !h.arrived:
		refuse(problem.Forbidden, "Who bought the product can review it, once it has arrived.", nil)(out, r)
		return
	case h.said != nil:
		refuse(problem.Conflict, "You reviewed this product before.", map[string]any{"review": annsReview})(out, r)
		return
	}
	h.keys = append(h.keys, r.Header.Get("Idempotency-Key"))
	out.Header().Set("Location", "/api/reviews/"+annsReview)
	h.takes(out, r, 201)
}

func (h *reviewing) changes(out http.ResponseWriter, r *http.Request) {
	switch {
	case h.said == nil:
		clienttest.Problem(out, 404)
	case r.Header.Get("If-Match") != h.tag():
		clienttest.Problem(out, 412)
	default:
		h.takes(out, r, 200)
	}
}

func (h *reviewing) tag() string { return fmt.Sprintf(`"%d"`, h.turn) }

func (h *reviewing) takes(out http.ResponseWriter, r *http.Request, code int) {
	h.said, h.turn = map[string]any{"sku": "LAMP-1"}, h.turn+1
	_ = json.NewDecoder(r.Body).Decode(&h.said) // the double checked it
	h.write(out, code)
}

func (h *reviewing) reads(out http.ResponseWriter, r *http.Request) {
	if h.said == nil || r.PathValue("id") != annsReview || r.Header.Get("Authorization") == "" {
		clienttest.Problem(out, 404)
		return
	}
	h.write(out, 200)
}

func (h *reviewing) write(out http.ResponseWriter, code int) {
	shown := map[string]any{"id": annsReview, "state": h.state, "helpful": 0, "unhelpful": 0, "createdAt": time.Now(), "changedAt": time.Now()}
	maps.Copy(shown, h.said)
	out.Header().Set("ETag", h.tag())
	clienttest.JSON(out, code, shown)
}

const lampsReview = "/account/reviews/LAMP-1"

// fields are a form with a review that nothing is wrong with; more are further fields, or others.
func (h *reviewing) fields(more ...string) url.Values {
	f := url.Values{"stars": {"4"}, "author": {"Ann"}, "title": {"Bright"}, "text": {"It shines.\r\nAnd <b>it</b> stays cool."}}
	for n := 0; n < len(more); n += 2 {
		f.Set(more[n], more[n+1])
	}
	return f
}

func (h *reviewing) sends(t *testing.T, more ...string) seen {
	t.Helper()
	return h.post(t, lampsReview, h.fields(more...).Encode())
}

func TestACustomerSaysWhatHeThinksOfAProduct(t *testing.T) {
	h := newReviewing(t)
	h.get(t, "/products/LAMP-1").want(t, 200, `href="/account/reviews/LAMP-1"`)
	if got := h.get(t, lampsReview); got.path != "/account/signin" || !strings.Contains(got.body, `value="/account/reviews/LAMP-1"`) {
		t.Errorf("a guest is led to %s", got.path)
	}
	h.signedIn(t)
	h.get(t, lampsReview).want(t, 200, "<h1>Your review of Brass lamp</h1>", `name="stars" value="5" required>`, "Send the review").lacks(t, `name="own"`)
	attempt := uuid.NewString()
	h.sends(t, "attempt", attempt).want(t, 200, "Thank you. Your review is at the product now.", `href="/products/LAMP-1"`)
	want := map[string]any{"sku": "LAMP-1", "stars": 4.0, "author": "Ann", "title": "Bright", "text": "It shines.\nAnd <b>it</b> stays cool."}
	if !maps.Equal(h.said, want) || len(h.keys) != 1 || h.keys[0] != attempt {
		t.Errorf("it was %v, by %v", h.said, h.keys)
	}
}

// Sooner or later nothing is lost: a review that staff must see first, one of a customer whose parcel is under way, and one while reviews is away.
func TestWhatBecomesOfAReviewIsSaid(t *testing.T) {
	h := newReviewing(t)
	h.signedIn(t)
	h.set(func() { h.arrived = false })
	h.sends(t).want(t, 403, "Who bought the product can review it, once it has arrived.", `role="alert"`, `value="4" required checked`, "It shines.\nAnd &lt;b&gt;it")
	h.set(func() { h.arrived, h.gone["reviews"] = true, true })
	attempt := uuid.NewString()
	got := h.sends(t, "attempt", attempt).want(t, 503, "What you typed is kept here", attempt, "It shines.")
	if got.header.Get("Retry-After") == "" || got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%v", got.header)
	}
	h.set(func() { h.gone["reviews"], h.state = false, "pending" })
	h.sends(t, "title", " ").want(t, 200, "We look at your review before others see it.")
	if _, there := h.said["title"]; there {
		t.Errorf("a title of blanks is sent: %v", h.said)
	}
}

// There is one review of a customer and a product: a second one takes its place, once the customer has seen what it replaces.
func TestASecondReviewTakesThePlaceOfTheFirst(t *testing.T) {
	h := newReviewing(t)
	h.signedIn(t)
	h.sends(t).want(t, 200, "Thank you")
	h.sends(t, "stars", "2", "text", "It broke.").want(t, 409, "You have reviewed this product already.", "What you wrote before", "It shines.", ">It broke.</textarea>", "Change the review",
		`name="own" value="`+annsReview+`"`, `name="tag" value="&#34;1&#34;"`)
	again := []string{"own", annsReview, "tag", `"1"`, "stars", "2", "text", "It broke."}
	h.set(func() { h.turn = 7 }) // as by another device
	h.sends(t, again...).want(t, 409, "This was changed in another window.", `value="&#34;7&#34;"`)
	again[3] = `"7"`
	h.sends(t, again...).want(t, 200, "Thank you")
	if h.said["text"] != "It broke." || len(h.keys) != 1 {
		t.Errorf("it is %v, after %d new ones", h.said, len(h.keys))
	}
	h.set(func() { h.said = nil })
	h.sends(t, again...).want(t, 409, "That is not there any more.").lacks(t, `name="own"`)
}

func TestWhatIsWrongWithAReviewIsSaidAtItsField(t *testing.T) {
	h := newReviewing(t)
	h.signedIn(t)
	for _, row := range []struct{ field, text, says string }{
		{"stars", "", `id="wrong-stars">Choose how many stars.`},
		{"stars", "6", `id="wrong-stars">Choose how many stars.`},
		{"stars", "05", `id="wrong-stars">It is too long`},
		{"author", " ", `id="wrong-author">Enter the name that others see.`},
		{"author", "A\nB", `id="wrong-author">It holds characters that cannot be printed.`},
		{"title", strings.Repeat("ü", 121), `id="wrong-title">It is too long: at most 120 characters.`},
		{"text", "\r\n", `id="wrong-text">Write what you think of it.`},
		{"text", "a\x00b", `id="wrong-text">It holds characters that cannot be printed.`},
	} {
		h.sends(t, row.field, row.text).want(t, 422, "<title>Error: ", `href="#`+row.field+`"`, row.says)
	}
	if h.said != nil {
		t.Errorf("it was sent: %v", h.said)
	}
	h.sends(t, "text", strings.Repeat("𝄞\r\n", 2000)).want(t, 200, "Thank you") // as long as can be
}

func TestReviewsAreOfProductsThatThereAre(t *testing.T) {
	h := newReviewing(t)
	h.signedIn(t)
	for _, path := range []string{"/account/reviews/NONE", "/account/reviews/..", "/account/reviews/a%2Fb", "/account/reviews/" + strings.Repeat("x", 65)} {
		if got := h.get(t, path); got.code != 404 && got.path == path {
			t.Errorf("%s: %d", path, got.code)
		}
	}
	if got := afterSignIn("/account/reviews/../x"); got != accountPath {
		t.Errorf("signing in leads to %s", got)
	}
	plain := newHouse(t)
	plain.signedIn(t)
	plain.get(t, lampsReview).want(t, 404)
	plain.get(t, "/products/LAMP-1").want(t, 200).lacks(t, "/account/reviews/")
}

// The order leads to the form once its goods are there, and not before.
func TestAnOrderThatArrivedLeadsToItsReviews(t *testing.T) {
	for state, want := range map[string]bool{"sent": false, "completed": true} {
		b := bought{State: state}
		if b.arrived() != want {
			t.Errorf("%s: %v", state, !want)
		}
	}
	if b := (bought{State: "sent", History: []happened{{Kind: "sent"}, {Kind: "delivered"}}}); !b.arrived() {
		t.Error("delivered is not there")
	}
	h := newReviewing(t)
	h.signedIn(t)
	h.get(t, historyPath+"/"+annsOrder).want(t, 200, "Brass lamp").lacks(t, "/account/reviews/")
	h.set(func() { h.far = "completed" })
	h.get(t, historyPath+"/"+annsOrder).want(t, 200, `href="/account/reviews/LAMP-1"`, "Write a review")
}
