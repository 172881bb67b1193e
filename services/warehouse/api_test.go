package warehouse

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestATaskIsClaimedPickedAndDone(t *testing.T) {
	s := serve(t)
	_, task := s.open(buys{"CUP": 3})
	at := tasksRoot + "/" + task.ID.String()
	if a := s.send("POST", root+"/claims", ""); a.status != 200 || a.ID != task.ID || a.Worker != "bob" || a.State != Claimed {
		t.Fatalf("%+v", a)
	}
	if a := s.send("POST", at+"/picks", `{"sku":"CUP","picked":2}`); a.status != 200 || a.Lines[0].Picked != 2 {
		t.Errorf("%+v", a)
	}
	if a := s.send("POST", at+"/done", ""); a.status != 409 {
		t.Errorf("done with one that nobody looked for: %+v", a)
	}
	if a := s.send("POST", at+"/picks", `{"sku":"CUP","picked":0,"short":1}`); a.status != 200 {
		t.Errorf("%+v", a)
	}
	done := s.send("POST", at+"/done", "")
	read := s.send("GET", at, "")
	if done.status != 200 || done.text != read.text || done.tag != read.tag || read.State != Done || read.Lines[0] != (Line{SKU: "CUP", Name: "Product CUP", Quantity: 3, Picked: 2, Short: 1}) {
		t.Errorf("done %+v, read %+v", done, read)
	}
}

// A pick whose answer was lost is sent again with its key: it is picked once.
func TestAPickThatIsSentAgainIsPickedOnce(t *testing.T) {
	s := serve(t)
	_, task := s.open(buys{"CUP": 3})
	at, key := tasksRoot+"/"+task.ID.String(), []string{"Idempotency-Key", uuid.NewString()}
	s.send("POST", at+"/claim", "")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := s.send("POST", at+"/picks", `{"sku":"CUP","picked":1}`, key...); a.status != 200 && a.status != 409 {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	if a := s.send("GET", at, ""); a.Lines[0].Picked != 1 {
		t.Errorf("%+v", a)
	}
}

// Two of staff claim the same task: the other is told so, and gets it when it is given back, with what was picked.
func TestATaskThatIsGivenBackKeepsWhatWasPicked(t *testing.T) {
	s := serve(t)
	_, task := s.open(buys{"CUP": 2})
	at, eve := tasksRoot+"/"+task.ID.String(), []string{"Authorization", worker(t, "eve")}
	s.send("POST", at+"/claim", "")
	s.send("POST", at+"/picks", `{"sku":"CUP","picked":1}`)
	if a := s.send("POST", at+"/claim", "", eve...); a.status != 409 {
		t.Errorf("%+v", a)
	}
	if a := s.send("POST", at+"/release", ""); a.status != 200 || a.State != Open || a.Worker != "" {
		t.Errorf("%+v", a)
	}
	if a := s.send("POST", at+"/claim", "", eve...); a.status != 200 || a.Worker != "eve" || a.Lines[0].Picked != 1 {
		t.Errorf("%+v", a)
	}
}

func TestNothingIsPickedForACancelledOrder(t *testing.T) {
	s := serve(t)
	b, task := s.open(buys{"CUP": 2})
	at := tasksRoot + "/" + task.ID.String()
	s.send("POST", at+"/claim", "")
	s.send("POST", at+"/picks", `{"sku":"CUP","picked":1}`)
	taken(t, s.db, b.cancelled(t))
	for path, body := range map[string]string{"/picks": `{"sku":"CUP","picked":1}`, "/claim": "", "/done": "", "/release": ""} {
		if a := s.send("POST", at+path, body); a.status != 409 || !strings.Contains(a.text, "cancelled") {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if a := s.send("GET", tasksRoot+"?state=cancelled", ""); len(a.Items) != 1 || a.Items[0].Lines[0].Picked != 1 {
		t.Errorf("what is to be put back: %+v", a)
	}
}

func TestTasksAreListedByStateInPages(t *testing.T) {
	s := serve(t)
	var want []uuid.UUID
	for range 3 {
		_, task := s.open(buys{"CUP": 1})
		want = append(want, task.ID)
	}
	s.send("POST", tasksRoot+"/"+want[1].String()+"/claim", "")
	first := s.send("GET", tasksRoot+"?state=open&limit=1", "")
	second := s.send("GET", tasksRoot+"?state=open&limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].ID != want[0] || len(second.Items) != 1 || second.Items[0].ID != want[2] || second.Next != "" {
		t.Errorf("%s then %s", first.text, second.text)
	}
	if a := s.send("GET", tasksRoot, ""); len(a.Items) != 3 {
		t.Errorf("all: %s", a.text)
	}
	if a := s.send("GET", tasksRoot+"?state=claimed&cursor="+first.Next, ""); a.status != 400 {
		t.Errorf("a cursor of another list: %+v", a)
	}
}

func TestOfManyWhoMoveABinOneWins(t *testing.T) {
	s := serve(t)
	made := s.send("POST", binsRoot, `{"sku":"CUP","place":"A-01-1"}`)
	if made.status != 201 || made.at != binsRoot+"/CUP" {
		t.Fatalf("%+v", made)
	}
	places := []string{"B-01", "B-02", "B-03", "B-04"}
	servicetest.Writers(t, 4, 3, func() string { return s.send("GET", made.at, "").tag }, func(writer int, version string) int {
		return s.send("PUT", made.at, `{"place":"`+places[writer]+`-`+strings.ToUpper(uuid.NewString()[:8])+`"}`, "If-Match", version).status
	})
	now := s.send("GET", made.at, "")
	first := s.send("PUT", made.at, `{"place":"C-01"}`, "If-Match", now.tag)
	again := s.send("PUT", made.at, `{"place":"C-01"}`, "If-Match", now.tag)
	if first.status != 200 || again.status != 200 || first.tag != again.tag || again.Place != "C-01" {
		t.Errorf("a change that is repeated: %+v, then %+v", first, again)
	}
	if a := s.send("GET", binsRoot, ""); len(a.Items) != 1 || a.Items[0].Place != "C-01" {
		t.Errorf("listed %s", a.text)
	}
	s.send("POST", binsRoot, `{"sku":"PAN","place":"CX-01"}`)
	if a := s.send("GET", binsRoot+"?zone=C", ""); len(a.Items) != 1 || a.Items[0].Place != "C-01" {
		t.Errorf("in zone C: %s", a.text)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s := serve(t)
	_, task := s.open(buys{"CUP": 1})
	at, never := tasksRoot+"/"+task.ID.String(), tasksRoot+"/0198c9a5-0000-7000-8000-000000000000"
	s.send("POST", binsRoot, `{"sku":"CUP","place":"A-01-1"}`)
	for name, c := range map[string]struct {
		status             int
		kind               string
		method, path, body string
		header             []string
	}{
		"nobody lists":            {401, "unauthenticated", "GET", tasksRoot, "", []string{"Authorization", ""}},
		"a customer lists":        {403, "forbidden", "GET", tasksRoot, "", []string{"Authorization", accesstest.Customer(t, "anna")}},
		"who may read alone":      {403, "forbidden", "POST", at + "/claim", "", []string{"Authorization", accesstest.Staff(t, "warehouse:read")}},
		"who may write alone":     {403, "forbidden", "GET", at, "", []string{"Authorization", accesstest.Staff(t, "warehouse:write")}},
		"no key":                  {400, "malformed", "POST", at + "/claim", "", []string{"Idempotency-Key", ""}},
		"no such task":            {404, "not-found", "GET", never, "", nil},
		"no such task to claim":   {404, "not-found", "POST", never + "/claim", "", nil},
		"no such state":           {422, "invalid", "GET", tasksRoot + "?state=lost", "", nil},
		"picked before claimed":   {409, "conflict", "POST", at + "/picks", `{"sku":"CUP","picked":1}`, nil},
		"less than nothing":       {422, "invalid", "POST", at + "/picks", `{"sku":"CUP","picked":-1}`, nil},
		"half of one":             {422, "invalid", "POST", at + "/picks", `{"sku":"CUP","picked":0.5}`, nil},
		"nothing at all":          {422, "invalid", "POST", at + "/picks", `{"sku":"CUP","picked":0}`, nil},
		"a bin that is there":     {409, "conflict", "POST", binsRoot, `{"sku":"CUP","place":"B-01"}`, nil},
		"a place that is none":    {422, "invalid", "POST", binsRoot, `{"sku":"PAN","place":"over there"}`, nil},
		"a stale bin":             {412, "stale", "PUT", binsRoot + "/CUP", `{"place":"B-01"}`, []string{"If-Match", `"9-x"`}},
		"a bin without a version": {428, "precondition-required", "PUT", binsRoot + "/CUP", `{"place":"B-01"}`, nil},
		"a product without a bin": {404, "not-found", "GET", binsRoot + "/PAN", "", nil},
		"a cursor of nobody":      {400, "malformed", "GET", tasksRoot + "?cursor=x", "", nil},
	} {
		if a := s.send(c.method, c.path, c.body, c.header...); a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, c.status, c.kind)
		}
	}
	if a := s.send("GET", at, ""); a.State != Open || a.Lines[0].Picked != 0 {
		t.Errorf("a refusal changed something: %s", a.text)
	}
}
