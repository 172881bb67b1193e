package catalog

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/events/eventstest"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

const (
	shirt    = `{"slug":"shirt","name":"Linen shirt","options":[{"name":"colour","values":["white","black"]},{"name":"size","values":["S","M","L"]}]}`
	blackS   = `{"variant":{"group":"shirt","options":{"colour":"black","size":"S"}}}`
	ofItsOwn = `{"variant":{"group":"","options":{}}}`
)

// editor is a member of staff at the catalog.
type editor struct {
	*servicetest.Service
	t     *testing.T
	token string
}

func edits(t *testing.T, h *servicetest.Service) editor {
	return editor{h, t, accesstest.Staff(t, "catalog:write")}
}

func (e editor) create(body string) *httptest.ResponseRecorder {
	return e.Ask("POST", groupsRoot, body, "Idempotency-Key", uuid.NewString(), "Authorization", e.token)
}

// patch changes what stands at a path, as it is now.
func (e editor) patch(path, body string) *httptest.ResponseRecorder {
	return e.Ask("PATCH", path, body, "If-Match", e.Ask("GET", path, "").Header().Get("ETag"), "Authorization", e.token)
}

// sells makes the goods of the case: white M and L, black S, M and L.
func (e editor) sells() {
	e.t.Helper()
	if w := e.create(shirt); w.Code != 201 {
		e.t.Fatalf("%d %s", w.Code, w.Body)
	}
	for n, v := range []string{"white L", "black L", "black M", "black S", "white M"} {
		colour, size, _ := strings.Cut(v, " ")
		if w := e.patch(at(n), fmt.Sprintf(`{"variant":{"group":"shirt","options":{"colour":%q,"size":%q}}}`, colour, size)); w.Code != 200 {
			e.t.Fatalf("%s: %d %s", v, w.Code, w.Body)
		}
	}
}

// at is the path of the nth sample product.
func at(n int) string { return fmt.Sprintf("/api/catalog/products/KIT-%d", 1001+n) }

func TestC15AGroupShowsItsVariantsInTheOrderOfItsOptions(t *testing.T) {
	e := edits(t, serve(t))
	e.sells()
	w := e.Ask("GET", groupsRoot+"/shirt", "")
	var g groupBody
	if err := json.Unmarshal(w.Body.Bytes(), &g); err != nil || w.Code != 200 {
		t.Fatalf("%d %s %v", w.Code, w.Body, err)
	}
	var all []string
	for _, v := range g.Variants {
		all = append(all, v.SKU+" "+v.Options["colour"]+" "+v.Options["size"])
	}
	if want := []string{"KIT-1005 white M", "KIT-1001 white L", "KIT-1004 black S", "KIT-1003 black M", "KIT-1002 black L"}; !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	if w := e.Ask("GET", at(4), ""); !strings.Contains(w.Body.String(), `"variant":{"group":"shirt","options":{"colour":"white","size":"M"}}`) {
		t.Errorf("white M tells not which it is: %s", w.Body)
	}
	if w := e.Ask("GET", at(5), ""); strings.Contains(w.Body.String(), `"variant"`) || strings.Contains(w.Body.String(), `"gtin"`) {
		t.Errorf("a product of its own tells of variants: %s", w.Body)
	}
	servicetest.Refused(t, "no such group", e.Ask("GET", groupsRoot+"/none", ""), 404, "not-found")
}

func TestC15ASecondVariantOfTheSameOptionsIsRefused(t *testing.T) {
	e := edits(t, serve(t))
	e.sells()
	w := e.patch(at(5), blackS)
	servicetest.Refused(t, "a second black S", w, 409, "conflict")
	if !strings.Contains(w.Body.String(), `"#/variant/options"`) {
		t.Errorf("nobody is told where: %s", w.Body)
	}
	if w := e.patch(at(3), ofItsOwn); w.Code != 200 || strings.Contains(w.Body.String(), `"variant"`) {
		t.Errorf("it cannot be taken out: %d %s", w.Code, w.Body)
	}
	if w := e.patch(at(5), blackS); w.Code != 200 {
		t.Errorf("black S is free, and yet: %d %s", w.Code, w.Body)
	}
}

func TestC15AValueThatIsUsedCannotBeDeleted(t *testing.T) {
	e := edits(t, serve(t))
	e.sells()
	const withoutL = `{"options":[{"name":"colour","values":["white","black"]},{"name":"size","values":["S","M"]}]}`
	w := e.patch(groupsRoot+"/shirt", withoutL)
	servicetest.Refused(t, "L is used", w, 409, "conflict")
	if !strings.Contains(w.Body.String(), `"#/options/1/values"`) || !strings.Contains(w.Body.String(), "KIT-1001") {
		t.Errorf("nobody is told where, or by which: %s", w.Body)
	}
	for _, used := range []string{
		`{"options":[{"name":"size","values":["S","M","L"]}]}`,                                                                               // without an option
		`{"options":[{"name":"colour","values":["white","black"]},{"name":"size","values":["S","M","L"]},{"name":"fit","values":["slim"]}]}`, // with one that nobody has
		`{"options":[{"name":"color","values":["white","black"]},{"name":"size","values":["S","M","L"]}]}`,                                   // called otherwise
		`{"name":"Shirt","options":[{"name":"colour","values":["White","black"]},{"name":"size","values":["S","M","L"]}]}`,                   // a value that is written otherwise
	} {
		servicetest.Refused(t, used, e.patch(groupsRoot+"/shirt", used), 409, "conflict")
	}
	for _, n := range []int{0, 1} {
		if w := e.patch(at(n), ofItsOwn); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if w := e.patch(groupsRoot+"/shirt", withoutL); w.Code != 200 || strings.Contains(w.Body.String(), `"L"`) {
		t.Errorf("L is free, and yet: %d %s", w.Code, w.Body)
	}
	if w := e.patch(groupsRoot+"/shirt", `{"name":"Shirt"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"name":"Shirt"`) || !strings.Contains(w.Body.String(), "KIT-1005") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestC15AProductTakesAGTINAndNoWrongOne(t *testing.T) {
	e := edits(t, serve(t))
	for n, number := range []string{"4006381333931", "5901234123457", "96385074", "036000291452", "9780306406157", "10614141000415"} {
		w := e.patch(at(n), fmt.Sprintf(`{"gtin":%q}`, number))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"gtin":"`+number+`"`) {
			t.Errorf("%s: %d %s", number, w.Code, w.Body)
		}
	}
	for _, number := range []string{"4006381333932", "4006381339331", "400638133393", "abcdefgh", "010614141000415", "4006381333931 "} {
		w := e.patch(at(9), fmt.Sprintf(`{"gtin":%q}`, number))
		servicetest.Refused(t, number, w, 422, "invalid")
		if !strings.Contains(w.Body.String(), `"#/gtin"`) {
			t.Errorf("%s: nobody is told where: %s", number, w.Body)
		}
	}
}

func TestC15AGTINIsOfOneProductHoweverManyZerosStandBeforeIt(t *testing.T) {
	e := edits(t, serve(t))
	if w := e.patch(at(0), `{"gtin":"036000291452"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, same := range []string{"036000291452", "0036000291452", "00036000291452"} {
		w := e.patch(at(1), fmt.Sprintf(`{"gtin":%q}`, same))
		servicetest.Refused(t, same, w, 409, "conflict")
		if !strings.Contains(w.Body.String(), `"#/gtin"`) {
			t.Errorf("%s: nobody is told where: %s", same, w.Body)
		}
	}
	if w := e.patch(at(0), `{"gtin":"0036000291452"}`); w.Code != 200 {
		t.Errorf("its own product may write it otherwise: %d %s", w.Code, w.Body)
	}
	if w := e.patch(at(0), `{"gtin":""}`); w.Code != 200 || strings.Contains(w.Body.String(), "gtin") {
		t.Errorf("it cannot be taken away: %d %s", w.Code, w.Body)
	}
	if w := e.patch(at(1), `{"gtin":"036000291452"}`); w.Code != 200 {
		t.Errorf("nobody has it, and yet: %d %s", w.Code, w.Body)
	}
}

func TestC15WhatIsNoVariantOfAGroupIsRefusedAtItsPlace(t *testing.T) {
	e := edits(t, serve(t))
	e.sells()
	for body, where := range map[string]string{
		`{"variant":{"group":"none","options":{}}}`:                                              "#/variant/group",
		`{"variant":{"group":"","options":{"size":"M"}}}`:                                        "#/variant/group",
		`{"variant":{"group":"shirt","options":{"colour":"white"}}}`:                             "#/variant/options/size",
		`{"variant":{"group":"shirt","options":{"colour":"red","size":"M"}}}`:                    "#/variant/options/colour",
		`{"variant":{"group":"shirt","options":{"colour":"white","size":"S","fit/cut":"slim"}}}`: "#/variant/options/fit~1cut",
		`{"variant":{"group":"shirt","options":{"colour":"white","size":"S","a":"b","c":"d"}}}`:  "#/variant/options",
		`{"variant":{"group":"shirt"}}`:                                                          "#/variant",
	} {
		w := e.patch(at(5), body)
		servicetest.Refused(t, body, w, 422, "invalid")
		if !strings.Contains(w.Body.String(), where) {
			t.Errorf("%s: %s, want %s", body, w.Body, where)
		}
	}
	for body, where := range map[string]string{
		`{"slug":"Shirt 2","name":"x","options":[{"name":"a","values":["b"]}]}`:                       "#/slug",
		`{"slug":"s","name":"x","options":[]}`:                                                        "#/options",
		`{"slug":"s","name":"x","options":[{"name":"a","values":[]}]}`:                                "#/options/0/values",
		`{"slug":"s","name":"x","options":[{"name":"a:b","values":["b"]}]}`:                           "#/options/0/name",
		`{"slug":"s","name":"x","options":[{"name":"a","values":["b","c","B"]}]}`:                     "#/options/0/values/2",
		`{"slug":"s","name":"x","options":[{"name":"a","values":["b "]}]}`:                            "#/options/0/values/0",
		`{"slug":"s","name":"x","options":[{"name":"a","values":["b"]},{"name":"A","values":["b"]}]}`: "#/options/1/name",
	} {
		w := e.create(body)
		servicetest.Refused(t, body, w, 422, "invalid")
		if !strings.Contains(w.Body.String(), where) {
			t.Errorf("%s: %s, want %s", body, w.Body, where)
		}
	}
	servicetest.Refused(t, "the same slug", e.create(shirt), 409, "conflict")
}

func TestC15AGroupIsMadeOnceAndChangedByStaffAlone(t *testing.T) {
	e := edits(t, serve(t))
	key := uuid.NewString()
	first := e.Ask("POST", groupsRoot, shirt, "Idempotency-Key", key, "Authorization", e.token)
	again := e.Ask("POST", groupsRoot, shirt, "Idempotency-Key", key, "Authorization", e.token)
	read := e.Ask("GET", first.Header().Get("Location"), "")
	if first.Code != 201 || again.Code != 201 || again.Body.String() != first.Body.String() || read.Body.String() != first.Body.String() || read.Header().Get("ETag") != first.Header().Get("ETag") {
		t.Errorf("%d %s, again %d %s, read %d %s", first.Code, first.Body, again.Code, again.Body, read.Code, read.Body)
	}
	for _, token := range []string{"", accesstest.Customer(t, "jane"), accesstest.Staff(t, "catalog:read")} {
		if w := e.Ask("POST", groupsRoot, shirt, "Idempotency-Key", uuid.NewString(), "Authorization", token); w.Code != 401 && w.Code != 403 {
			t.Errorf("anybody makes a group: %d", w.Code)
		}
		if w := e.Ask("PATCH", groupsRoot+"/shirt", `{"name":"Mine"}`, "If-Match", `"1-0"`, "Authorization", token); w.Code != 401 && w.Code != 403 {
			t.Errorf("anybody changes a group: %d", w.Code)
		}
	}
	change := func(name, tag string) *httptest.ResponseRecorder {
		return e.Ask("PATCH", groupsRoot+"/shirt", `{"name":"`+name+`"}`, "If-Match", tag, "Authorization", e.token)
	}
	tag := read.Header().Get("ETag")
	if w := change("Shirt", tag); w.Code != 200 || w.Body.String() == first.Body.String() {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := change("Shirt", tag); w.Code != 200 {
		t.Errorf("repeated: %d %s", w.Code, w.Body)
	}
	servicetest.Refused(t, "late", change("Other", tag), 412, "stale")
	servicetest.Refused(t, "no such group", e.Ask("PATCH", groupsRoot+"/none", `{"name":"x"}`, "If-Match", tag, "Authorization", e.token), 404, "not-found")
}

// A variant that changes makes caches of its group ask again, and whoever edits the group need not read it again for that.
func TestC15AGroupsETagChangesWithItsVariants(t *testing.T) {
	e := edits(t, serve(t))
	e.sells()
	before := e.Ask("GET", groupsRoot+"/shirt", "").Header().Get("ETag")
	if w := e.patch(at(0), `{"name":"Shirt, white, L"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if after := e.Ask("GET", groupsRoot+"/shirt", "").Header().Get("ETag"); after == before {
		t.Errorf("a cache keeps what is told no more: %s", after)
	}
	if w := e.Ask("PATCH", groupsRoot+"/shirt", `{"name":"Shirt"}`, "If-Match", before, "Authorization", e.token); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Of two who want one variant, or of whom one uses a value that the other takes away, one wins, whoever comes first.
func TestC15TwoAtOnceNeverMakeAGroupWrong(t *testing.T) {
	s := seeded(t)
	g := Group{Slug: "shirt", Name: "Shirt", Options: []Option{{"size", []string{"S", "L"}}}, Version: 1}
	tx(t, s, func(tx pgx.Tx) error { return insertGroup(t.Context(), tx, g) })
	large, _ := choicesOf(map[string]string{"size": "L"})
	for range 20 {
		var won atomic.Int32
		var all sync.WaitGroup
		for _, sku := range []string{"KIT-1001", "KIT-1002"} {
			all.Go(func() {
				p, err := s.product(t.Context(), sku)
				if err == nil {
					_, err = s.save(t.Context(), p.With(Change{Variant: &Variant{"shirt", large}}))
				}
				won.Add(counted(t, err, fault.ConflictKind, fault.InvalidKind))
			})
		}
		all.Go(func() {
			now, err := s.group(t.Context(), "shirt")
			if err == nil {
				now.Options = []Option{{"size", []string{"S"}}}
				err = s.saveGroup(t.Context(), now)
			}
			won.Add(counted(t, err, fault.ConflictKind))
		})
		if all.Wait(); won.Load() != 1 {
			t.Fatalf("%d won", won.Load())
		}
		tx(t, s, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE catalog.products SET variant_of = NULL, options = NULL`)
			if err == nil {
				_, err = tx.Exec(t.Context(), `UPDATE catalog.groups SET options = $1`, g.Options)
			}
			return err
		})
	}
}

// counted is 1 for who won, and fails for who lost otherwise than by one of these kinds.
func counted(t *testing.T, err error, kinds ...fault.Kind) int32 {
	if err == nil {
		return 1
	}
	if !slices.ContainsFunc(kinds, func(k fault.Kind) bool { return fault.Is(err, k) }) {
		t.Error(err)
	}
	return 0
}

func tx(t *testing.T, s *store, do func(pgx.Tx) error) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), s.db, do); err != nil {
		t.Fatal(err)
	}
}

func TestC15AGroupHasNotMoreVariantsThanInventoryTellsOf(t *testing.T) {
	s := seeded(t)
	values := make([]string, mostVariants+1)
	for n := range values {
		values[n] = fmt.Sprint(n)
	}
	tx(t, s, func(tx pgx.Tx) error {
		if err := insertGroup(t.Context(), tx, Group{Slug: "many", Name: "Many", Options: []Option{{"n", values}}}); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `UPDATE catalog.products SET variant_of = 'many', options = jsonb_build_object('n', (n - 1)::text)
			FROM (SELECT sku AS one, row_number() OVER (ORDER BY sku DESC) AS n FROM catalog.products) AS numbered WHERE one = sku AND n <= $1`, mostVariants)
		return err
	})
	p, err := s.product(t.Context(), "BAG-1181")
	if err != nil {
		t.Fatal(err)
	}
	last, _ := choicesOf(map[string]string{"n": fmt.Sprint(mostVariants)})
	if _, err := s.save(t.Context(), p.With(Change{Variant: &Variant{"many", last}})); !fault.Is(err, fault.ConflictKind) {
		t.Errorf("one too many: %v", err)
	}
}

func TestC15AVariantIsToldWithItsNumberAndItsOptions(t *testing.T) {
	s := seeded(t)
	tx(t, s, func(tx pgx.Tx) error {
		return insertGroup(t.Context(), tx, Group{Slug: "shirt", Name: "Shirt", Options: []Option{{"size", []string{"S", "L"}}}})
	})
	p, err := s.product(t.Context(), "KIT-1001")
	if err != nil {
		t.Fatal(err)
	}
	large, _ := choicesOf(map[string]string{"size": "L"})
	saved, err := s.save(t.Context(), p.With(Change{GTIN: ptrTo("96385074"), Variant: &Variant{"shirt", large}}))
	if err != nil || saved.GTIN != "96385074" || saved.Variant != (Variant{"shirt", large}) {
		t.Fatalf("%+v %v", saved, err)
	}
	var e events.Event
	var got told
	if err := s.db.QueryRow(t.Context(), `SELECT event FROM catalog.outbox`).Scan(&e); err != nil {
		t.Fatal(err)
	}
	if err := e.Into(&got); err != nil || got.GTIN != "96385074" || got.Group != "shirt" || got.Attributes["size"] != "L" || len(got.Attributes) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	eventstest.Reads[struct {
		GTIN       string            `json:"gtin,omitempty"`
		Group      string            `json:"group,omitempty"`
		Attributes map[string]string `json:"attributes,omitempty"`
	}](t, events.ProductChanged)
}

// Choices come back from the database as they went in, in one order however they were said, and nothing chosen is null.
func TestC15ChoicesAreStoredAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,5}`), rapid.StringMatching(`[a-zA-Z ]{1,9}`), 0, mostOptions).Draw(t, "values")
		before, fits := choicesOf(values)
		stored, err := before.Value()
		var after Choices
		if err == nil {
			err = after.Scan(stored)
		}
		if err != nil || !fits || after != before || (stored == nil) != (len(values) == 0) || len(after.Map()) != len(values) {
			t.Fatalf("%v became %v (%v)", values, after, err)
		}
	})
	var c Choices
	for _, wrong := range []any{5, "[]", `{"a":"1","b":"2","c":"3","d":"4"}`} {
		if err := c.Scan(wrong); err == nil {
			t.Errorf("%v was read as choices", wrong)
		}
	}
	if err := c.Scan([]byte(`{"a":"1"}`)); err != nil || c.Map()["a"] != "1" {
		t.Errorf("%v %v", c, err)
	}
}
