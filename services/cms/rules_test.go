package cms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

func TestAPageIsWrittenInMarkdownAndNothingOfItRuns(t *testing.T) {
	for text, want := range map[string]string{
		"# Gifts\n\nAll *our* [lamps](/products/LIG-1121).": `<a href="/products/LIG-1121">lamps</a>`,
		"| a | b |\n|---|--:|\n| 1 | 2 |":                   `<td align="right">2</td>`,
		"![Lamp](/api/media/abc/320.png \"Lamp\")":          `<img src="/api/media/abc/320.png" alt="Lamp" title="Lamp"`,
		"~~old~~ https://example.org":                       `<del>old</del>`,
	} {
		html, err := render(text)
		if err != nil || !strings.Contains(html, want) {
			t.Errorf("%q is %q (%v), without %q", text, html, err, want)
		}
	}
	for _, text := range []string{
		"<script>alert(1)</script>\n\nText", "<img src=x onerror=alert(1)>Text", "[x](javascript:alert(1)) Text", "[x](data:text/html;base64,PHNjcmlwdD4=) Text",
		"![x](https://evil.example/pixel.png) Text", "![x](//evil.example/pixel.png) Text", "<style>*{display:none}</style>\n\nText", "<iframe src=/></iframe>\n\nText",
		`<a href="/" onclick="alert(1)">x</a> Text`, "<form action=https://evil.example><input></form>\n\nText",
	} {
		html, err := render(text)
		for _, bad := range []string{"<script", "onerror", "javascript:", "data:", "evil.example/pixel", "<style", "<iframe", "onclick", "<form", "<input"} {
			if err != nil || strings.Contains(html, bad) {
				t.Errorf("%q becomes %q (%v)", text, html, err)
			}
		}
		if !strings.Contains(html, "Text") {
			t.Errorf("%q loses its text: %q", text, html)
		}
	}
}

func TestAVersionThatIsNoneSaysWhichFieldIsWrong(t *testing.T) {
	good := Draft{"imprint", "de", "Impressum", "Text."}
	for name, c := range map[string]struct {
		change  func(*Draft)
		pointer string
	}{
		"an address with a slash": {func(d *Draft) { d.Slug = "a/b" }, "#/slug"},
		"a capital letter":        {func(d *Draft) { d.Slug = "Imprint" }, "#/slug"},
		"a long address":          {func(d *Draft) { d.Slug = strings.Repeat("a", longestSlug+1) }, "#/slug"},
		"another language":        {func(d *Draft) { d.Lang = "fr" }, "#/lang"},
		"a blank title":           {func(d *Draft) { d.Title = "  " }, "#/title"},
		"a title of two lines":    {func(d *Draft) { d.Title = "a\nb" }, "#/title"},
		"a long text":             {func(d *Draft) { d.Markdown = strings.Repeat("a", longestText+1) }, "#/markdown"},
		"HTML alone":              {func(d *Draft) { d.Markdown = "<script>x</script>" }, "#/markdown"},
	} {
		d := good
		c.change(&d)
		if _, err := New(uuid.New(), d, noon); !fault.Is(err, fault.InvalidKind) || !strings.Contains(err.Error()+pointers(err), c.pointer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := New(uuid.New(), good, noon); err != nil || v.Shows(noon) || v.Revision != 1 {
		t.Errorf("%+v %v", v, err)
	}
}

// pointers are the fields that an error names.
func pointers(err error) (all string) {
	if f := new(fault.Fault); errors.As(err, &f) {
		for _, field := range f.Fields {
			all += " " + field.Pointer
		}
	}
	return all
}

func TestASchedulesEndIsNoPartOfItAndHasABeginning(t *testing.T) {
	v := draft(t, 1, "en", "", "")
	for name, c := range map[string]struct {
		from, until string
		good        bool
	}{
		"a draft": {"", "", true}, "without end": {"08:00", "", true}, "for hours": {"08:00", "12:00", true},
		"an end alone": {"", "12:00", false}, "backwards": {"12:00", "08:00", false}, "no time at all": {"08:00", "08:00", false},
	} {
		after, err := v.Scheduled(Schedule{at(t, c.from), at(t, c.until)})
		if (err == nil) != c.good || c.good && after.Revision != v.Revision+1 {
			t.Errorf("%s: %+v %v", name, after.Schedule, err)
		}
	}
	s := Schedule{at(t, "08:00"), at(t, "12:00")}
	for hour, shows := range map[string]bool{"07:59": false, "08:00": true, "11:59": true, "12:00": false} {
		if s.Shows(at(t, hour)) != shows {
			t.Errorf("at %s: %t", hour, !shows)
		}
	}
}

// A campaign lies over a page while it lasts, and gives it back at its end; no job does anything meanwhile.
func TestACampaignGivesThePageBack(t *testing.T) {
	b := newBoard([]Version{
		draft(t, 1, "en", "01:00", ""), draft(t, 2, "en", "08:00", "12:00"), draft(t, 3, "en", "08:00", "09:00"), draft(t, 4, "en", "", ""), draft(t, 5, "de", "10:00", "11:00"),
	}, nil)
	for hour, want := range map[string]int{"00:59": 0, "01:00": 1, "08:00": 3, "08:59": 3, "09:00": 2, "11:59": 2, "12:00": 1, "23:00": 1} {
		v, _, there := b.page("gifts", "en", at(t, hour))
		if there != (want > 0) || v.Number != want {
			t.Errorf("at %s version %d is shown, not %d", hour, v.Number, want)
		}
	}
	v, in, there := b.page("gifts", "de-AT", at(t, "10:30"))
	if !there || v.Lang != "de" || !slices.Equal(in, []string{"de", "en"}) {
		t.Errorf("%+v %v", v, in)
	}
	if v, in, _ := b.page("gifts", "de", at(t, "11:00")); v.Lang != "en" || !slices.Equal(in, []string{"en"}) {
		t.Errorf("where the page is not in German: %+v %v", v, in)
	}
	if list := b.all("", 10, at(t, "00:30")); len(list) != 0 {
		t.Errorf("listed before it is shown: %v", list)
	}
}

// A walk through the list meets each page that is shown once, in the order of the addresses, whatever the size of its pieces.
func TestAWalkThroughThePagesMeetsEachOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var all []Version
		var want []string
		for n := range rapid.IntRange(0, 12).Draw(rt, "pages") {
			v := Version{Slug: fmt.Sprintf("page-%02d", n), Lang: rapid.SampledFrom(languages).Draw(rt, "lang"), Schedule: Schedule{From: noon}}
			if rapid.Bool().Draw(rt, "later") {
				v.From = noon.Add(time.Hour)
			} else {
				want = append(want, v.Slug)
			}
			all = append(all, v)
		}
		b, limit, last := newBoard(all, nil), rapid.IntRange(1, 4).Draw(rt, "limit"), ""
		var walked []string
		for {
			piece := b.all(last, limit, noon)
			for _, page := range piece {
				walked = append(walked, page[0].Slug)
			}
			if len(piece) < limit || len(walked) > len(want) {
				break
			}
			last = walked[len(walked)-1]
		}
		if !slices.Equal(walked, want) {
			rt.Fatalf("walked %v, want %v", walked, want)
		}
	})
}

// Whatever is scheduled, an answer is never kept beyond the next change of what it shows.
func TestNoAnswerIsKeptBeyondTheNextChange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var all []Version
		for n := range rapid.IntRange(1, 6).Draw(rt, "versions") {
			v := Version{ID: uuid.New(), Slug: "gifts", Lang: "en", Number: n + 1}
			v.From = noon.Add(time.Duration(rapid.IntRange(-120, 120).Draw(rt, "from")) * time.Second)
			if rapid.Bool().Draw(rt, "ends") {
				v.Until = v.From.Add(time.Duration(rapid.IntRange(1, 120).Draw(rt, "for")) * time.Second)
			}
			all = append(all, v)
		}
		b := newBoard(all, nil)
		now, _ := shown(all, noon)
		age := b.fresh([]string{"gifts"}, noon, keep)
		for later := time.Duration(0); later < age; later += time.Second {
			if then, _ := shown(all, noon.Add(later)); then.Number != now.Number {
				rt.Fatalf("version %d is kept for %s, and after %s it is version %d", now.Number, age, later, then.Number)
			}
		}
		if age > keep || age < 0 {
			rt.Fatalf("kept for %s", age)
		}
	})
}

func TestAPreviewShowsOneVersionForAnHourToWhoHasItsToken(t *testing.T) {
	key, id := []byte(strings.Repeat("k", 32)), uuid.New()
	token, ends, err := sign(key, id, noon)
	if err != nil || !ends.Equal(noon.Add(time.Hour)) {
		t.Fatal(ends, err)
	}
	if got, err := opened(key, token, noon.Add(59*time.Minute)); err != nil || got != id {
		t.Errorf("%s %v", got, err)
	}
	for name, c := range map[string]struct {
		key   []byte
		token string
		after time.Duration
	}{
		"an hour later": {key, token, time.Hour + time.Second}, "another shop's": {[]byte(strings.Repeat("x", 32)), token, 0}, "rubbish": {key, "x", 0},
		"no signature": {key, "eyJhbGciOiJub25lIn0.eyJhdWQiOiJjbXMtcHJldmlldyJ9.", 0}, "changed": {key, token[:len(token)-2] + "AA", 0},
	} {
		if got, err := opened(c.key, c.token, noon.Add(c.after)); !fault.Is(err, fault.ForbiddenKind) {
			t.Errorf("%s opens %s: %v", name, got, err)
		}
	}
}
