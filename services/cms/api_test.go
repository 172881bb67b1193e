package cms

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestAPageIsShownFromItsScheduleOnAndNoLongerThanThat(t *testing.T) {
	d := serve(t)
	v := d.write("gifts", "de", "Geschenke", "Alles *neu*.")
	if got := d.ask("GET", root+"/pages/gifts", ""); got.status != 404 {
		t.Errorf("a draft: %d %s", got.status, got.text)
	}
	shown := d.shows(v, `{"publishFrom":"2026-01-01T00:00:00Z"}`)
	got := d.ask("GET", root+"/pages/gifts?lang=de", "")
	if got.status != 200 || got.Title != "Geschenke" || got.HTML != "<p>Alles <em>neu</em>.</p>\n" || got.tag == "" || !strings.Contains(got.cache, "max-age=60") {
		t.Errorf("%d %s %s", got.status, got.text, got.cache)
	}
	if got := d.ask("GET", root+"/pages/gifts?lang=en", ""); got.status != 200 || got.Lang != "de" {
		t.Errorf("in a language that it has not: %d %s", got.status, got.text)
	}
	if list := d.ask("GET", root+"/pages", ""); len(list.Items) != 1 || list.Items[0].Slug != "gifts" {
		t.Errorf("%s", list.text)
	}
	d.shows(shown, `{}`)
	if got := d.ask("GET", root+"/pages/gifts", ""); got.status != 404 {
		t.Errorf("taken back: %d %s", got.status, got.text)
	}
}

func TestADraftIsSeenByWhoHasItsPreviewAlone(t *testing.T) {
	d := serve(t)
	v := d.write("gifts", "en", "Gifts", "Soon.")
	p := d.edits("POST", v.at+"/preview", "")
	if p.status != 200 || p.Token == "" {
		t.Fatal(p.text)
	}
	got := d.ask("GET", p.Path, "")
	if got.status != 200 || got.Title != "Gifts" || got.cache != "private, no-store" {
		t.Errorf("%d %s %s", got.status, got.text, got.cache)
	}
	if got := d.ask("GET", root+"/preview?token=x", ""); got.status != 403 {
		t.Errorf("with another token: %d", got.status)
	}
}

func TestWhoMayWritePages(t *testing.T) {
	d := serve(t)
	v := d.write("gifts", "en", "Gifts", "Soon.")
	body, key := `{"slug":"a","lang":"en","title":"A","markdown":"a"}`, []string{"Idempotency-Key", uuid.NewString()}
	for name, c := range map[string]struct {
		status             int
		method, path, body string
		header             []string
	}{
		"nobody writes one":       {401, "POST", root + "/versions", body, key},
		"a customer writes one":   {403, "POST", root + "/versions", body, append(key, "Authorization", accesstest.Customer(t, "anna"))},
		"other staff":             {403, "POST", root + "/versions", body, append(key, "Authorization", accesstest.Staff(t, "books:read"))},
		"nobody reads a draft":    {401, "GET", v.at, "", nil},
		"nobody lists drafts":     {401, "GET", root + "/versions", "", nil},
		"nobody makes a preview":  {401, "POST", v.at + "/preview", "", nil},
		"nobody schedules one":    {401, "PUT", v.at, `{}`, []string{"If-Match", v.tag}},
		"everybody lists pages":   {200, "GET", root + "/pages", "", nil},
		"nothing is at that name": {404, "GET", root + "/pages/none", "", nil},
	} {
		if got := d.ask(c.method, c.path, c.body, c.header...); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if got := d.edits("PUT", v.at, `{"publishFrom":"2026-01-01T00:00:00Z"}`); got.status != 428 {
		t.Errorf("without a precondition: %d", got.status)
	}
	if got := d.edits("PUT", v.at, `{"publishUntil":"2026-01-01T00:00:00Z"}`, "If-Match", v.tag); got.status != 422 || !strings.Contains(got.text, "#/publishUntil") {
		t.Errorf("an end alone: %d %s", got.status, got.text)
	}
}

func TestOfManyWhoScheduleOneVersionOneWins(t *testing.T) {
	d := serve(t)
	v := d.write("gifts", "en", "Gifts", "Soon.")
	var second atomic.Int64
	servicetest.Writers(t, 6, 4, func() string { return d.edits("GET", v.at, "").tag }, func(_ int, version string) int {
		from := noon.Add(time.Duration(second.Add(1)) * time.Second).Format(time.RFC3339)
		return d.edits("PUT", v.at, `{"publishFrom":"`+from+`"}`, "If-Match", version).status
	})
}

// Half past two of the night in which clocks go back is there twice in Berlin: without its offset it is nothing.
func TestAScheduleNamesItsOffset(t *testing.T) {
	d := serve(t)
	v := d.write("gifts", "de", "Geschenke", "Bald.")
	if got := d.edits("PUT", v.at, `{"publishFrom":"2026-10-25T02:30:00"}`, "If-Match", v.tag); got.status != 422 {
		t.Errorf("without an offset: %d %s", got.status, got.text)
	}
	for _, c := range [][2]string{{"2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"}, {"2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"}} {
		if v = d.shows(v, `{"publishFrom":"`+c[0]+`"}`); !strings.Contains(v.text, `"publishFrom":"`+c[1]+`"`) {
			t.Errorf("%s is %s", c[0], v.text)
		}
	}
}

// A cache that has a page asks again at the change that is scheduled, and is told that nothing changed until then.
func TestACacheKeepsNoPageBeyondItsSchedule(t *testing.T) {
	d := serve(t)
	d.shows(d.write("gifts", "en", "Gifts", "Now."), `{"publishFrom":"2026-01-01T00:00:00Z"}`)
	d.shows(d.write("gifts", "de", "Geschenke", "Bald."), `{"publishFrom":"`+time.Now().Add(30*time.Second).UTC().Format(time.RFC3339)+`"}`)
	for _, path := range []string{root + "/pages/gifts", root + "/pages"} {
		got := d.ask("GET", path, "")
		age, err := strconv.Atoi(strings.TrimPrefix(got.cache, "public, max-age="))
		if err != nil || age < 1 || age > 30 {
			t.Errorf("%s: %q (%v)", path, got.cache, err)
		}
		if again := d.ask("GET", path, "", "If-None-Match", got.tag); again.status != 304 || again.tag != got.tag {
			t.Errorf("%s again: %d %s", path, again.status, again.tag)
		}
	}
}
