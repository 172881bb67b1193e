package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unheld names each pair of an event and a service that no test holds, and each test of what the service says nothing of.
func unheld(types map[string]route, tests map[string]vouched) (all []string) {
	for kind, r := range types {
		for _, service := range r.from {
			if !tests[service].produces[kind] {
				all = append(all, fmt.Sprintf("%s sends %s, and no test of it calls contracttest.Produced of that", service, kind))
			}
		}
		for _, service := range r.to {
			if !tests[service].takes[kind] {
				all = append(all, fmt.Sprintf("%s takes %s, and no test of it calls contracttest.Takes of that", service, kind))
			}
		}
	}
	for service, v := range tests {
		for kind := range v.produces {
			if !slices.Contains(types[kind].from, service) {
				all = append(all, fmt.Sprintf("a test says that %s sends %s, and the service does not", service, kind))
			}
		}
		for kind := range v.takes {
			if !slices.Contains(types[kind].to, service) {
				all = append(all, fmt.Sprintf("a test says that %s takes %s, and the service does not", service, kind))
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestEachEventIsHeldByItsProducersAndItsConsumers: who sends a type, and each who takes it, has a test by the contract's own example. Who
// they are, the services say themselves, so a new one is asked for its tests.
func TestEachEventIsHeldByItsProducersAndItsConsumers(t *testing.T) {
	all, err := stations(root)
	if err != nil {
		t.Fatal(err)
	}
	types, tests := declaredTypes(t), map[string]vouched{}
	for _, s := range all {
		tests[s.name] = vouchers(t, filepath.Join(root, "services", s.name), types)
	}
	told := routes(all)
	if len(types) < 31 || len(told) < 31 {
		t.Fatalf("there are %d types, and services know %d", len(types), len(told))
	}
	for _, missing := range unheld(told, tests) {
		t.Error(missing)
	}
}

// takers are those that a row of events.md says, without those in brackets, which do not take it yet.
func takers(row string) []string {
	column := strings.Split(strings.TrimSuffix(strings.TrimSpace(row), "|"), "|")
	text, _, _ := strings.Cut(column[len(column)-1], ";")
	names := strings.FieldsFunc(regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(text, ""), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(names)
	return names
}

// TestTheTextSaysWhoTakesWhat: the table of events.md is what the services say of themselves.
func TestTheTextSaysWhoTakesWhat(t *testing.T) {
	all, err := stations(root)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "services/contract/v1/events.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := routes(all)
	for _, kind := range declaredTypes(t) {
		row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(kind) + "` .*$").FindString(string(page))
		want := slices.Sorted(slices.Values(told[kind].to))
		if got := takers(row); !slices.Equal(got, want) {
			t.Errorf("by events.md %v take %s, by themselves %v", got, kind, want)
		}
	}
}

// TestExamplesAreTheContracts: a service that is built from its folder alone has copies of the examples that its tests read.
func TestExamplesAreTheContracts(t *testing.T) {
	copies, err := filepath.Glob(filepath.Join(root, "services/*/test/examples/*.json"))
	if err != nil || len(copies) < 5 {
		t.Fatalf("%d copies (%v)", len(copies), err)
	}
	for _, file := range copies {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(root, "services/contract/v1/examples", filepath.Base(file)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s is not the contract's: cp services/contract/v1/examples/%s there (%v)", file, filepath.Base(file), err)
		}
	}
}

func TestAPairWithoutATestIsNamed(t *testing.T) {
	types := map[string]route{"a.b.c.v1": {[]string{"a"}, []string{"x", "y"}}}
	tests := map[string]vouched{"a": none(), "x": none(), "y": none()}
	tests["a"].add("Produced", "a.b.c.v1")
	tests["x"].add("Takes", "a.b.c.v1")
	if got := unheld(types, tests); len(got) != 1 || !strings.HasPrefix(got[0], "y takes a.b.c.v1") {
		t.Errorf("%q", got)
	}
	tests["y"].add("follows", "a.b.c.v1")
	tests["y"].add("produced", "a.b.d.v1")
	if got := unheld(types, tests); len(got) != 1 || !strings.Contains(got[0], "says that y sends a.b.d.v1") {
		t.Errorf("%q", got)
	}
	types["a.b.new.v1"] = route{[]string{"a"}, nil}
	if got := unheld(types, tests); len(got) != 2 || !strings.HasPrefix(got[0], "a sends a.b.new.v1") {
		t.Errorf("%q", got)
	}
}

func TestACallCountsWhereItIsATestsOwn(t *testing.T) {
	v, types := none(), map[string]string{"OrderPaid": "paid", "OrderSent": "sent", "CartClosed": "closed", "CartMerged": "merged"}
	err := v.inGo("x_test.go", `package x
// contracttest.Takes(t, events.OrderSent)
func TestA(t *testing.T) { for range 2 { contracttest.Takes(t, db, h, events.OrderPaid, "", "") } }
func helper() { contracttest.Takes(t, db, h, events.CartClosed, "", "") }
func TestB(t *testing.T) { other.Takes(t, events.CartMerged); contracttest.Example(t, events.CartMerged) }
`, types)
	v.inOthers("contracttest.takes('in.python.x.v1', 1)\n    # contracttest.takes('a.comment.x.v1')\n// contracttest.takes(\"a.comment.y.v1\")\n  contracttest.produced(self, \"sent.python.x.v1\")\n")
	if err != nil || len(v.takes) != 2 || !v.takes["paid"] || !v.takes["in.python.x.v1"] || len(v.produces) != 1 || !v.produces["sent.python.x.v1"] {
		t.Errorf("%+v (%v)", v, err)
	}
}

func TestTakersAreReadFromARow(t *testing.T) {
	for row, want := range map[string]string{
		"| `a.b.c.v1` | x, y | search, recommendations (storefront); nobody sends it yet |": "[recommendations search]",
		"| `a.b.c.v1` | x | (all) |": "[]", "| `a.b.c.v1` | x (y) | auth, cart (reviews) |": "[auth cart]", "": "[]",
	} {
		if got := fmt.Sprint(takers(row)); got != want {
			t.Errorf("%s: %s, want %s", row, got, want)
		}
	}
}
