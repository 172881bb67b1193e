package access

import (
	"errors"
	"reflect"
	"testing"
)

func TestWhoMayCallWhat(t *testing.T) {
	nobody := Principal{}
	jane := Principal{Kind: CustomerKind, Subject: "jane"}
	editor := Principal{Kind: StaffKind, Subject: "ed", Scopes: []string{"orders:read", "catalog:write"}}
	reader := Principal{Kind: StaffKind, Subject: "rita", Scopes: []string{"catalog:read"}}
	checkout := Principal{Kind: ServiceKind, Subject: "checkout"}
	// A service's token is no staff's, whatever scopes it claims.
	climber := Principal{Kind: ServiceKind, Subject: "cart", Scopes: []string{"catalog:write"}}
	for name, c := range map[string]struct {
		access Access
		want   map[string]error
	}{
		"public":         {Public, nil},
		"owner":          {Owner, nil},
		"customer":       {Customer, map[string]error{"nobody": ErrUnauthenticated, "editor": ErrForbidden, "reader": ErrForbidden, "checkout": ErrForbidden, "climber": ErrForbidden}},
		"staff":          {Staff("catalog:write"), map[string]error{"nobody": ErrUnauthenticated, "jane": ErrForbidden, "reader": ErrForbidden, "checkout": ErrForbidden, "climber": ErrForbidden}},
		"every service":  {Service(), map[string]error{"nobody": ErrUnauthenticated, "jane": ErrForbidden, "editor": ErrForbidden, "reader": ErrForbidden}},
		"one service":    {Service("checkout"), map[string]error{"nobody": ErrUnauthenticated, "jane": ErrForbidden, "editor": ErrForbidden, "reader": ErrForbidden, "climber": ErrForbidden}},
		"nobody decided": {Access{}, map[string]error{"nobody": ErrUnauthenticated, "jane": ErrForbidden, "editor": ErrForbidden, "reader": ErrForbidden, "checkout": ErrForbidden, "climber": ErrForbidden}},
	} {
		for who, p := range map[string]Principal{"nobody": nobody, "jane": jane, "editor": editor, "reader": reader, "checkout": checkout, "climber": climber} {
			if got := c.access.Admits(p); !errors.Is(got, c.want[who]) {
				t.Errorf("%s, %s: %v, want %v", name, who, got, c.want[who])
			}
		}
	}
	if (Access{}).Set() || !Public.Set() {
		t.Error("the zero value passes for a decision")
	}
}

func TestRequirementsAreOpenAPIs(t *testing.T) {
	for name, c := range map[string]struct {
		access Access
		want   []map[string][]string
	}{
		"public":   {Public, []map[string][]string{}},
		"owner":    {Owner, []map[string][]string{{"owner": {}}, {}}},
		"customer": {Customer, []map[string][]string{{"customer": {}}}},
		"staff":    {Staff("catalog:write"), []map[string][]string{{"staff": {"catalog:write"}}}},
		"services": {Service("a", "b"), []map[string][]string{{"service": {"a", "b"}}}},
	} {
		if got := c.access.Requirements(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCallersOfTwoKindsHaveNoNameInCommon(t *testing.T) {
	customer, service := Principal{Kind: CustomerKind, Subject: "cart"}, Principal{Kind: ServiceKind, Subject: "cart"}
	if customer.Caller() == service.Caller() || (Principal{}).Caller() != "" {
		t.Errorf("%q, %q", customer.Caller(), service.Caller())
	}
	if got := From(With(t.Context(), customer)); got.Subject != "cart" || From(t.Context()).Kind != Anonymous {
		t.Errorf("the context carries %+v", got)
	}
}
