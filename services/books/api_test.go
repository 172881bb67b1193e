package books

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

// serve is the service as it runs in a shop, on a town's books, with a violation of which it knows.
func serve(t *testing.T, w *town, more ...string) (*servicetest.Service, *comparer, Found) {
	t.Helper()
	accesstest.Service(t, "books") // its key is among those that are taken
	environment := []string{"SHOP_JWKS", accesstest.JWKS(), "SHOP_SERVICE_KEY", accesstest.PrivateJWK("books")}
	for name, p := range w.providers {
		environment = append(environment, strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"_URL", p.URL)
	}
	s := servicetest.Start(t, Service(), append(environment, more...)...)
	c, _ := w.comparing(s.Kit().DB)
	bad := whole(2580)
	bad.Charges[0].Captured++
	w.put(bad)
	round(t, c)
	all, err := c.store.unresolved(t.Context(), 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v (%v)", all, err)
	}
	return s, c, all[0]
}

type answered struct {
	status    int
	tag, text string
	State     string
	Balanced  bool
	Open      int
	Items     []struct{ ID, Rule, State string }
}

func send(t *testing.T, s *servicetest.Service, token, method, path, body string, header ...string) (a answered) {
	t.Helper()
	res, text := s.Whole(t, method, path, body, append([]string{"Authorization", token}, header...)...)
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	a.status, a.tag, a.text = res.StatusCode, res.Header.Get("ETag"), string(text)
	return a
}

func TestStaffReadsTheBooksAndNobodyElseDoes(t *testing.T) {
	s, _, v := serve(t, newTown(t))
	reads := accesstest.Staff(t, "books:read")
	a := send(t, s, reads, "GET", root, "")
	if a.status != 200 || a.Balanced || a.Open != 1 || !strings.Contains(a.text, `"rule":"charged-once"`) {
		t.Errorf("%+v", a)
	}
	list := send(t, s, reads, "GET", root+"/violations?state=open&rule=as-the-provider", "")
	if list.status != 200 || len(list.Items) != 1 || list.Items[0].ID != v.ID.String() || !strings.Contains(list.text, `"mend":"`) {
		t.Errorf("%+v", list)
	}
	for _, path := range []string{root, root + "/violations", root + "/violations/" + v.ID.String(), verdictPath} {
		for token, want := range map[string]int{"": 401, accesstest.Customer(t, "ann"): 403, accesstest.Staff(t, "orders:read"): 403} {
			if a := send(t, s, token, "GET", path, ""); a.status != want {
				t.Errorf("%s: %d, want %d", path, a.status, want)
			}
		}
	}
	for path, want := range map[string]int{
		root + "/violations/" + uuid.NewString(): 404, root + "/violations/7": 422, root + "/violations?state=x": 422,
		root + "/violations?rule=x": 422, root + "/violations?cursor=x": 400,
	} {
		if a := send(t, s, reads, "GET", path, ""); a.status != want || !strings.Contains(a.text, "urn:emporium:problem:") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
}

// What staff accepted stops nobody, is listed as such, and is a new one when it comes back.
func TestAViolationIsAcceptedAsItIs(t *testing.T) {
	w := newTown(t)
	s, c, v := serve(t, w)
	writes, at := accesstest.Staff(t, "books:write"), root+"/violations/"+v.ID.String()
	tag := send(t, s, accesstest.Staff(t, "books:read"), "GET", at, "").tag
	const body = `{"reason":"refunded by telephone"}`
	for name, r := range map[string]struct {
		status int
		path   string
		token  string
		body   string
		header []string
	}{
		"nobody":            {401, at, "", body, []string{"If-Match", tag}},
		"who may only read": {403, at, accesstest.Staff(t, "books:read"), body, []string{"If-Match", tag}},
		"no precondition":   {428, at, writes, body, nil},
		"another version":   {412, at, writes, body, []string{"If-Match", `"9-x"`}},
		"no reason":         {422, at, writes, `{"reason":""}`, []string{"If-Match", tag}},
		"a field too many":  {422, at, writes, `{"reason":"known","until":"never"}`, []string{"If-Match", tag}},
		"never found":       {404, root + "/violations/" + uuid.NewString(), writes, body, []string{"If-Match", tag}},
	} {
		if a := send(t, s, r.token, "PUT", r.path+"/acceptance", r.body, r.header...); a.status != r.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.text, r.status)
		}
	}
	for range 2 { // the front door repeats a PUT whose connection broke
		if a := send(t, s, writes, "PUT", at+"/acceptance", body, "If-Match", tag); a.status != 200 || a.State != "accepted" {
			t.Fatalf("%+v", a)
		}
	}
	round(t, c)
	verdict := send(t, s, accesstest.Service(t, "books"), "GET", verdictPath, "")
	if len(openRules(t, c)) != 0 || verdict.status != 200 || !strings.Contains(verdict.text, `"violations":[]`) {
		t.Errorf("accepted, and open: %v, %s", openRules(t, c), verdict.text)
	}
	// It is mended, and comes back: nobody accepted that.
	now := after.Add(time.Hour)
	for _, found := range [][]Violation{nil, {v.Violation}} {
		if err := c.store.judge(t.Context(), []judged{{v.Subject, Verdict{Violations: found}}}, now); err != nil {
			t.Fatal(err)
		}
		if open := len(openRules(t, c)); open != len(found) {
			t.Errorf("%d are open, %d were found", open, len(found))
		}
		a := send(t, s, writes, "PUT", at+"/acceptance", body, "If-Match", "*")
		if want := map[bool]int{true: 409, false: 200}[found == nil]; a.status != want {
			t.Errorf("%v: %d %s, want %d", found, a.status, a.text, want)
		}
	}
}

// What a release check writes: a line for each violation with its way out, and who is away.
func TestWhatTheCheckSays(t *testing.T) {
	bad := violationLine{uuid.New(), "charged-once", "charge 7", "it is one of 2", "Refund it."}
	for name, c := range map[string]struct {
		verdict   verdictBody
		out, fail string
	}{
		"balanced":             {verdictBody{Complete: true}, "the books balance\n", ""},
		"a violation":          {verdictBody{Complete: true, Violations: []violationLine{bad}}, "charge 7: charged-once: it is one of 2. Refund it. (" + bad.ID.String() + ")\n", "do not balance, 1 violations: charge 7"},
		"somebody is away":     {verdictBody{Complete: true, Away: []string{"payments (does not answer)"}}, "", "away: payments (does not answer)"},
		"a violation and away": {verdictBody{Away: []string{"payments"}, Violations: []violationLine{bad}}, "charge 7", "do not balance"},
		"nobody compares":      {verdictBody{Complete: true, Behind: true}, "", "Is books-worker running?"},
		"the first release":    {verdictBody{Behind: true}, "not read to their end yet", ""},
	} {
		var out bytes.Buffer
		err := c.verdict.judged(&out)
		if (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) || !strings.Contains(out.String(), c.out) {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
}

func TestTheCheckFindsTheBooksByWhatTheOperatorTells(t *testing.T) {
	for text, want := range map[string]string{"": "SHOP_SERVICES", "{": "reading SHOP_SERVICES", `[{"name":"cart","url":"http://cart"}]`: "names no books"} {
		get := func(name string) string { return map[string]string{"SHOP_SERVICES": text}[name] }
		if err := checked(t.Context(), get, nil, t.Output()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	s, _, v := serve(t, newTown(t))
	get := func(name string) string {
		return map[string]string{
			"SHOP": accesstest.Shop, "SHOP_SERVICE_KEY": accesstest.PrivateJWK("books"), "SHOP_SERVICES": `[{"name":"cart"},{"name":"books","url":"` + s.URL + `"}]`,
		}[name]
	}
	if err := checked(t.Context(), get, nil, t.Output()); err == nil || !strings.Contains(err.Error(), v.Object) {
		t.Errorf("%v", err)
	}
}

func TestTimesAreDurations(t *testing.T) {
	for text, good := range map[string]bool{"": true, "3s": true, "0s": true, "3": false, "-3s": false} {
		if _, err := timesOf(func(string) string { return text }); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whoever looks again and again is answered 304, until a round or staff changed something.
func TestHowTheBooksStandIsReadAgainWhenItChanged(t *testing.T) {
	w := newTown(t)
	s, c, v := serve(t, w)
	reads := accesstest.Staff(t, "books:read")
	tag := send(t, s, reads, "GET", root, "").tag
	same := func() bool {
		res, _ := s.Whole(t, "GET", root, "", "Authorization", reads, "If-None-Match", tag)
		return res.StatusCode == 304 && res.Header.Get("ETag") == tag
	}
	if tag == "" || !same() {
		t.Errorf("nothing changed, and it is sent again: %s", tag)
	}
	at := root + "/violations/" + v.ID.String()
	if a := send(t, s, accesstest.Staff(t, "books:write"), "PUT", at+"/acceptance", `{"reason":"known"}`, "If-Match", send(t, s, reads, "GET", at, "").tag); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	if same() {
		t.Error("a violation was accepted, and the old answer stands")
	}
	tag = send(t, s, reads, "GET", root, "").tag
	w.put(whole(1299))
	round(t, c)
	if same() {
		t.Error("a round compared, and the old answer stands")
	}
}
