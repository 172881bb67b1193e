package outage

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// names are all services of services/, in whatever language: what brings a ShopService.
func names(t *testing.T) (all []string) {
	t.Helper()
	found, err := filepath.Glob("../*/shop/service.yaml")
	if err != nil || len(found) < 28 {
		t.Fatalf("%d services, %v", len(found), err)
	}
	for _, path := range found {
		all = append(all, filepath.Base(filepath.Dir(filepath.Dir(path))))
	}
	return all
}

// Whoever adds a service says here what customers lose while it is away.
func TestEveryServiceIsEitherOptionalOrNeeded(t *testing.T) {
	var told []string
	for _, s := range Optional {
		told = append(told, s.Name)
	}
	for _, n := range Needed {
		told = append(told, n.Name)
	}
	slices.Sort(told)
	there := names(t)
	slices.Sort(there)
	if !slices.Equal(told, there) {
		t.Errorf("services/outage has\n%v, services/ has\n%v", told, there)
	}
}

func TestEveryRowSaysWhatCustomersSee(t *testing.T) {
	for _, s := range Optional {
		if s.Else == "" && len(s.Parts) == 0 {
			t.Errorf("%s: neither a part nor anything else is missing", s.Name)
		}
		for _, p := range s.Parts {
			if p.Page == "" || p.About == "" || p.Text == "" || p.Text == p.Instead || p.Kept && (p.Instead != "" || p.Fades > 0) || p.Whole && (p.Kept || p.Instead == "") {
				t.Errorf("%s: %+v can not be told from its absence", s.Name, p)
			}
		}
	}
	for _, n := range Needed {
		if n.Then == "" {
			t.Errorf("%s: nobody knows what customers see without it", n.Name)
		}
	}
}

func TestThePageSaysWhatTheTableSays(t *testing.T) {
	const file = "../../docs/outages.md"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(Page()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != Page() {
		t.Errorf("docs/outages.md is not written from the table (%v): UPDATE=1 go test ./services/outage", err)
	}
}
