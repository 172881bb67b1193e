package cms

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestTheDescriptionIsThatOfTheCode(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestWhatIsMadeIsReadChangedAndListed(t *testing.T) {
	s := serve(t)
	lamp, desk := s.begin("Lamp"), s.begin("Desk")
	if got := s.send("GET", lamp.at, ""); got.status != 200 || got.text != lamp.text || got.tag != lamp.tag {
		t.Errorf("read %+v, made %+v", got, lamp)
	}
	changed := s.send("PUT", lamp.at, `{"name":"Floor lamp"}`, "If-Match", lamp.tag)
	if changed.status != 200 || changed.Name != "Floor lamp" || changed.tag == lamp.tag {
		t.Errorf("changed: %+v", changed)
	}
	first := s.send("GET", root+"?limit=1", "")
	second := s.send("GET", root+"?limit=1&cursor="+first.Next, "")
	if len(first.Items) != 1 || first.Items[0].Name != "Floor lamp" || len(second.Items) != 1 || second.Items[0].ID != desk.ID || second.Next != "" {
		t.Errorf("listed %+v, then %+v", first, second)
	}
}

func TestOfManyWritersOfOneVersionOneWins(t *testing.T) {
	s := serve(t)
	item := s.begin("Lamp")
	servicetest.Writers(t, 8, 5, func() string { return s.send("GET", item.at, "").tag }, func(writer int, version string) int {
		return s.send("PUT", item.at, fmt.Sprintf(`{"name":"%d %s"}`, writer, uuid.NewString()), "If-Match", version).status
	})
}

// The front door repeats a PUT whose connection broke.
func TestAChangeThatIsRepeatedIsDone(t *testing.T) {
	s := serve(t)
	item := s.begin("Lamp")
	first := s.send("PUT", item.at, `{"name":"Desk"}`, "If-Match", item.tag)
	again := s.send("PUT", item.at, `{"name":"Desk"}`, "If-Match", item.tag)
	if first.status != 200 || again.status != 200 || first.tag != again.tag {
		t.Errorf("%+v, then %+v", first, again)
	}
}

func TestOneKeyMakesOneItem(t *testing.T) {
	s := serve(t)
	key := []string{"Idempotency-Key", uuid.NewString()}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := s.send("POST", root, `{"name":"Lamp"}`, key...); a.status != 201 && a.status != 409 {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	again := s.send("POST", root, `{"name":"Lamp"}`, key...)
	if list := s.send("GET", root, ""); again.status != 201 || len(list.Items) != 1 || list.Items[0].ID != again.ID {
		t.Errorf("%+v after %+v", list, again)
	}
	if a := s.send("POST", root, `{"name":"Desk"}`, key...); a.status != 422 {
		t.Errorf("the key with another body: %+v", a)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	s := serve(t)
	item := s.begin("Lamp")
	match, key := []string{"If-Match", item.tag}, []string{"Idempotency-Key", uuid.NewString()}
	for name, c := range map[string]struct {
		status             int
		kind               string
		method, path, body string
		header             []string
	}{
		"nobody makes one":     {401, "unauthenticated", "POST", root, `{"name":"x"}`, append(key, "Authorization", "")},
		"a customer makes one": {403, "forbidden", "POST", root, `{"name":"x"}`, append(key, "Authorization", accesstest.Customer(t, "anna"))},
		"no key":               {400, "malformed", "POST", root, `{"name":"x"}`, nil},
		"a blank name":         {422, "invalid", "POST", root, `{"name":" "}`, key},
		"a field too many":     {422, "invalid", "POST", root, `{"name":"x","price":1}`, key},
		"no precondition":      {428, "precondition-required", "PUT", item.at, `{"name":"x"}`, nil},
		"stale":                {412, "stale", "PUT", item.at, `{"name":"x"}`, []string{"If-Match", `"9-x"`}},
		"too long":             {422, "invalid", "PUT", item.at, `{"name":"` + strings.Repeat("x", 201) + `"}`, match},
		"never made":           {404, "not-found", "GET", root + "/0198c9a5-0000-7000-8000-000000000000", "", nil},
		"a foreign cursor":     {400, "malformed", "GET", root + "?cursor=x", "", nil},
	} {
		if a := s.send(c.method, c.path, c.body, c.header...); a.status != c.status || !strings.Contains(a.text, "urn:emporium:problem:"+c.kind+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.text, c.status, c.kind)
		}
	}
	if list := s.send("GET", root, ""); len(list.Items) != 1 || list.Items[0].Name != "Lamp" {
		t.Errorf("a refusal changed something: %s", list.text)
	}
}
