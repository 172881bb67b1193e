package media

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/conform"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestTheContractIsKept(t *testing.T) {
	db := pgtest.Open(t, schema())
	if err := seed(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "DATABASE_URL", db.Config().ConnString())
	s.AwaitReady(t)
	settings, err := conform.Load("conform.json")
	if err != nil {
		t.Fatal(err)
	}
	settings.List = nil // it is for staff, and reads of a service that runs are anybody's: hack/conform.sh looks at it
	report := conform.Run(t.Context(), conform.Target{Mode: conform.Remote, Settings: settings, URL: s.URL, Metrics: s.SideURL(), Quick: true})
	if err := report.OK(true); err != nil {
		t.Errorf("%v: %+v", err, report.Failures(true))
	}
}

func TestWhatIsUploadedIsAnsweredInSizes(t *testing.T) {
	s := serve(t)
	a := s.kept(file(t, quarters(700, 350), "image/png"))
	if a.Type != "image/png" || a.Width != 700 || a.Height != 350 || len(a.Sizes) != 5 || a.Sizes[4].Width != 700 {
		t.Errorf("%+v", a)
	}
	for _, size := range a.Sizes {
		for path, kind := range map[string]string{size.JPG: "image/jpeg", size.PNG: "image/png"} {
			got := s.send("GET", path, "", "Authorization", "")
			if got.status != 200 || got.kind != kind || got.cache != "public, max-age=31536000, immutable" || got.sniff != "nosniff" || !strings.HasPrefix(got.tag, `"`) {
				t.Errorf("%s: %+v", path, got)
				continue
			}
			if b := got.picture(t).Bounds(); b.Dx() != size.Width || b.Dy() != size.Height {
				t.Errorf("%s is %v", path, b)
			}
		}
	}
	if got := s.send("GET", a.at+"/160.png", "", "Authorization", "Bearer nonsense"); got.status != 200 {
		t.Errorf("a public picture looks at tokens: %d", got.status)
	}
	if got := s.send("GET", a.at+"/1920.png", ""); got.status != 200 || got.picture(t).Bounds().Dx() != 700 {
		t.Errorf("it is enlarged: %d", got.status)
	}
	if got := s.send("GET", a.at, "", "Authorization", ""); got.status != 200 || got.text != a.text || got.tag != a.tag || got.cache != "no-cache" {
		t.Errorf("read %+v, uploaded %+v", got, a)
	}
}

func TestWhoHasAPictureIsNotSentItAgain(t *testing.T) {
	s := serve(t)
	a := s.kept(file(t, quarters(400, 400), "image/png"))
	first := s.send("GET", a.at+"/320.png", "")
	again := s.send("GET", a.at+"/320.png", "", "If-None-Match", first.tag)
	if again.status != http.StatusNotModified || again.text != "" || again.tag != first.tag || again.cache != first.cache {
		t.Errorf("%+v", again)
	}
	if head := s.send("HEAD", a.at+"/320.png", ""); head.status != 200 || head.text != "" || head.tag != first.tag || head.kind != "image/png" {
		t.Errorf("%+v", head)
	}
	if other := s.send("GET", a.at+"/320.jpg", "", "If-None-Match", first.tag); other.status != 200 || other.tag == first.tag {
		t.Errorf("another picture has the same tag: %+v", other.tag)
	}
}

// The listed cases of media: a picture that claims 50,000 × 50,000, SVG with a script, a width of 10001, a name that leads out.
func TestWhatIsRefusedIsKeptNowhere(t *testing.T) {
	s := serve(t)
	a := s.kept(file(t, quarters(64, 64), "image/png"))
	key, good := uuid.NewString(), string(file(t, quarters(32, 32), "image/png"))
	for name, c := range map[string]struct {
		status             int
		says               string
		method, path, body string
		header             []string
	}{
		"a bomb":                    {422, `"pointer":"#","detail":"It is 50000 by 50000 pixels`, "POST", root, string(claimsPNG(50_000, 50_000)), nil},
		"a script":                  {422, "neither", "POST", root, `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, nil},
		"an SVG that says so":       {415, "", "POST", root, "<svg/>", []string{"Content-Type", "image/svg+xml"}},
		"a form":                    {415, "", "POST", root, good, []string{"Content-Type", "multipart/form-data; boundary=x"}},
		"half a file":               {422, "cut off", "POST", root, good[:60], nil},
		"more than 8 MiB":           {413, "", "POST", root, strings.Repeat("x", mostBytes+1), nil},
		"nobody uploads":            {401, "unauthenticated", "POST", root, good, []string{"Authorization", ""}},
		"a customer uploads":        {403, "forbidden", "POST", root, good, []string{"Authorization", accesstest.Customer(t, "anna")}},
		"staff of another kind":     {403, "forbidden", "POST", root, good, []string{"Authorization", accesstest.Staff(t, "catalog:write")}},
		"no key":                    {400, "malformed", "POST", root, good, []string{"Idempotency-Key", ""}},
		"a width of 10001":          {404, "160, 320, 480, 640, 960, 1280, 1920", "GET", a.at + "/10001.jpg", "", nil},
		"a width that is no number": {404, "160, 320", "GET", a.at + "/wide.jpg", "", nil},
		"another format":            {404, ".jpg or .png", "GET", a.at + "/320.webp", "", nil},
		"a query":                   {422, "query.v", "GET", a.at + "/320.jpg?v=2", "", nil},
		"a name that leads out":     {404, "", "GET", a.at + "/..%2F..%2Fetc", "", nil},
		"an unknown hash":           {404, "not-found", "GET", root + "/" + strings.Repeat("0", 64) + "/320.jpg", "", nil},
		"no hash":                   {404, "not-found", "GET", root + "/%2e%2e/320.jpg", "", nil},
		"an unknown original":       {404, "not-found", "GET", root + "/" + strings.Repeat("0", 64), "", nil},
		"the list, for everybody":   {401, "unauthenticated", "GET", root, "", []string{"Authorization", ""}},
		"no precondition":           {428, "precondition-required", "PUT", a.at, `{"alt":"x"}`, []string{"Content-Type", "application/json"}},
		"stale":                     {412, "stale", "PUT", a.at, `{"alt":"x"}`, []string{"Content-Type", "application/json", "If-Match", `"9-x"`}},
		"too long":                  {422, "#/alt", "PUT", a.at, `{"alt":"` + strings.Repeat("x", 501) + `"}`, []string{"Content-Type", "application/json", "If-Match", a.tag}},
		"a foreign cursor":          {400, "malformed", "GET", root + "?cursor=x", "", nil},
	} {
		got := s.send(c.method, c.path, c.body, append([]string{"Content-Type", "image/png", "Idempotency-Key", key}, c.header...)...)
		if got.status != c.status || got.kind != "application/problem+json" || !strings.Contains(got.text, c.says) || got.cache != "no-store" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if list := s.send("GET", root, ""); len(list.Items) != 1 || list.Items[0].Hash != a.Hash || list.Items[0].Alt != "" {
		t.Errorf("a refusal changed something: %s", list.text)
	}
	// What was refused has not used up the key.
	if got := s.upload([]byte(good), "Idempotency-Key", key); got.status != 201 {
		t.Errorf("%+v", got)
	}
}

func TestOneKeyKeepsOneFile(t *testing.T) {
	s := serve(t)
	content, key := file(t, quarters(48, 48), "image/png"), []string{"Idempotency-Key", uuid.NewString()}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if a := s.upload(content, key...); a.status != 201 && a.status != 409 {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	again := s.upload(content, key...)
	if list := s.send("GET", root, ""); again.status != 201 || again.replied != "true" || len(list.Items) != 1 || list.Items[0].Hash != again.Hash {
		t.Errorf("%+v after %+v", list, again)
	}
	if a := s.upload(file(t, quarters(50, 50), "image/png"), key...); a.status != 422 || !strings.Contains(a.text, "idempotency-mismatch") {
		t.Errorf("the key with another file: %+v", a)
	}
	if a := s.upload(content); a.status != 201 || a.Hash != again.Hash || a.replied != "" {
		t.Errorf("the file with another key: %+v", a)
	}
}

func TestPicturesAreDescribedAndListed(t *testing.T) {
	s := serve(t)
	one, two := s.kept(file(t, quarters(48, 48), "image/png")), s.kept(file(t, quarters(50, 50), "image/png"))
	changed := s.send("PUT", one.at, `{"alt":"Four colours"}`, "If-Match", one.tag)
	again := s.send("PUT", one.at, `{"alt":"Four colours"}`, "If-Match", one.tag) // its answer was lost
	if changed.status != 200 || changed.Alt != "Four colours" || changed.tag == one.tag || again.status != 200 || again.tag != changed.tag {
		t.Errorf("%+v, then %+v", changed, again)
	}
	first := s.send("GET", root+"?limit=1", "")
	second := s.send("GET", root+"?limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].Hash != min(one.Hash, two.Hash) || len(second.Items) != 1 || second.Items[0].Hash != max(one.Hash, two.Hash) || second.Next != "" {
		t.Errorf("listed %+v, then %+v", first, second)
	}
}

func TestOfManyWritersOfOneVersionOneWins(t *testing.T) {
	s := serve(t)
	at := s.kept(file(t, quarters(48, 48), "image/png")).at
	servicetest.Writers(t, 8, 5, func() string { return s.send("GET", at, "").tag }, func(writer int, version string) int {
		return s.send("PUT", at, fmt.Sprintf(`{"alt":"%d %s"}`, writer, uuid.NewString()), "If-Match", version).status
	})
}

// Four uploads at a time, and pictures in twenty sizes: whatever finds no place is told when to come again, and nothing else fails.
func TestUnderLoadEverythingIsAnsweredOrComesAgain(t *testing.T) {
	s := serve(t, "MAX_IN_FLIGHT", "200")
	a := s.kept(file(t, photograph(1000, 800), "image/jpeg"))
	var all sync.WaitGroup
	for n := range 60 {
		all.Go(func() {
			var got answered
			if n%6 == 0 {
				got = s.upload(file(t, quarters(100+n, 100), "image/png"))
			} else {
				got = s.send("GET", fmt.Sprintf("%s/%d.%s", a.at, Widths()[n%len(widths)], Formats()[n%2]), "")
			}
			if got.status/100 != 2 && (got.status != 503 || got.after == "") {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
}
