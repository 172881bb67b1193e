package etag

import (
	"errors"
	"net/http"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/problem"
)

func TestIfMatchComparesTheVersionAlone(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		passes bool
	}{
		"the version that is there":           {Of(12, "as it is answered now"), true},
		"… as the last release answered it":   {Of(12, "as it was answered then"), true},
		"one of several":                      {Of(11, "a") + ", " + Of(12, "b"), true},
		"any":                                 {"*", true},
		"an older version":                    {Of(11, "as it is answered now"), false},
		"a version that begins with the same": {Of(120, ""), false},
		"a weak tag, RFC 9110 13.1.1":         {"W/" + Of(12, ""), false},
		"a tag without quotes":                {"12-00000000", false},
		"nothing":                             {"", false},
	} {
		err := (&IfMatch{Header: c.header}).Check(12)
		var p *problem.Problem
		if passed := err == nil; passed != c.passes {
			t.Errorf("%s (%s): passes %t", name, c.header, passed)
		}
		if err != nil && (!errors.As(err, &p) || p.Status != http.StatusPreconditionFailed) {
			t.Errorf("%s: %v is no 412", name, err)
		}
	}
}

func TestAWriteWithoutAPreconditionIs428(t *testing.T) {
	errs := (&IfMatch{}).Resolve(nil)
	var p *problem.Problem
	if len(errs) != 1 || !errors.As(errs[0], &p) || p.Status != http.StatusPreconditionRequired {
		t.Errorf("got %v", errs)
	}
	if errs := (&IfMatch{Header: "*"}).Resolve(nil); len(errs) != 0 {
		t.Errorf("any version was refused: %v", errs)
	}
}

func TestIfNoneMatchComparesAllOfIt(t *testing.T) {
	now := Of(12, "as it is answered now")
	for header, fresh := range map[string]bool{
		now: true, "W/" + now: true, `"1-0", ` + now: true, "*": true,
		Of(12, "as the last release answered it"): false, Of(11, "as it is answered now"): false, "": false,
	} {
		if got := (&IfNoneMatch{Header: header}).Fresh(now); got != fresh {
			t.Errorf("%q: fresh %t", header, got)
		}
	}
}
