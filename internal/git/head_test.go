package git

import (
	"fmt"
	"strings"
	"testing"
)

// commits of which only the difference matters.
var (
	first  = strings.Repeat("1", 40)
	second = strings.Repeat("2", 40)
	tagged = strings.Repeat("a", 40) // an annotated tag's own hash
)

func TestAHeadIsTheBranchsCommitAndItsHighestVersion(t *testing.T) {
	main := Ref{"refs/heads/main", first}
	for name, c := range map[string]struct {
		refs []Ref
		want string
	}{
		"no tag":                        {[]Ref{main}, "111111111111"},
		"a tag":                         {[]Ref{main, {"refs/tags/v1.2.3", first}}, "v1.2.3"},
		"a tag before its branch":       {[]Ref{{"refs/tags/v1.2.3", first}, main}, "v1.2.3"},
		"a tag without v":               {[]Ref{main, {"refs/tags/1.2.3", first}}, "1.2.3"},
		"with and without v":            {[]Ref{main, {"refs/tags/1.2.3", first}, {"refs/tags/v1.2.3", first}}, "v1.2.3"},
		"with and without v, reversed":  {[]Ref{main, {"refs/tags/v1.2.3", first}, {"refs/tags/1.2.3", first}}, "v1.2.3"},
		"ten is more than nine":         {[]Ref{main, {"refs/tags/v1.9.0", first}, {"refs/tags/v1.10.0", first}}, "v1.10.0"},
		"a release beats its candidate": {[]Ref{main, {"refs/tags/v2.0.0", first}, {"refs/tags/v2.0.0-rc.9", first}}, "v2.0.0"},
		"a candidate alone":             {[]Ref{main, {"refs/tags/v2.0.0-rc.9", first}}, "v2.0.0-rc.9"},
		"a tag of another commit":       {[]Ref{main, {"refs/tags/v9.0.0", second}}, "111111111111"},
		"an annotated tag":              {[]Ref{main, {"refs/tags/v1.0.0", tagged}, {"refs/tags/v1.0.0^{}", first}}, "v1.0.0"},
		"annotated, in another order":   {[]Ref{main, {"refs/tags/v1.0.0^{}", first}, {"refs/tags/v1.0.0", tagged}}, "v1.0.0"},
		"annotated, of another commit":  {[]Ref{main, {"refs/tags/v1.0.0", tagged}, {"refs/tags/v1.0.0^{}", second}}, "111111111111"},
		"a tag's own hash is no commit": {[]Ref{{"refs/heads/main", tagged}, {"refs/tags/v1.0.0", tagged}, {"refs/tags/v1.0.0^{}", first}}, "aaaaaaaaaaaa"},
		"a tag that is moved about":     {[]Ref{main, {"refs/tags/v1", first}, {"refs/tags/v1.2", first}, {"refs/tags/latest", first}}, "111111111111"},
		"a tag that no image can have":  {[]Ref{main, {"refs/tags/v1.0.0+build", first}}, "111111111111"},
		"a tag of one service":          {[]Ref{main, {"refs/tags/cart/v1.0.0", first}}, "111111111111"},
		"leading zeros":                 {[]Ref{main, {"refs/tags/v01.0.0", first}}, "111111111111"},
		"a tag that is too long":        {[]Ref{main, {"refs/tags/v1.0.0-" + strings.Repeat("a", 122), first}}, "111111111111"},
		"a tag that is just not":        {[]Ref{main, {"refs/tags/v1.0.0-" + strings.Repeat("a", 121), first}}, "v1.0.0-" + strings.Repeat("a", 121)},
		"vv":                            {[]Ref{main, {"refs/tags/vv1.0.0", first}}, "111111111111"},
		"a branch that looks like one":  {[]Ref{main, {"refs/heads/v1.0.0", first}}, "111111111111"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := HeadOf(c.refs, "main")
			if err != nil {
				t.Fatal(err)
			}
			if got.Version != c.want || got.Commit != c.refs[indexOf(c.refs, "refs/heads/main")].Hash {
				t.Errorf("got %+v, want version %s", got, c.want)
			}
		})
	}
}

func indexOf(refs []Ref, name string) int {
	for i, r := range refs {
		if r.Name == name {
			return i
		}
	}
	return -1
}

func TestABranchIsFoundByItsWholeName(t *testing.T) {
	for _, other := range []string{"refs/heads/main2", "refs/heads/a/main", "refs/tags/main", "main", "refs/remotes/origin/main", "refs/heads/Main"} {
		if got, err := HeadOf([]Ref{{other, first}}, "main"); err == nil {
			t.Errorf("%s was taken for main: %+v", other, got)
		}
	}
}

func TestABranchThatIsMissingIsToldWithThoseThatAreThere(t *testing.T) {
	var many []Ref
	for i := range 20 {
		many = append(many, Ref{fmt.Sprintf("refs/heads/b%02d", 19-i), first})
	}
	for name, c := range map[string]struct {
		refs   []Ref
		reason Reason
		want   string
	}{
		"none":      {nil, EmptyRepository, "has no branch yet: push branch live"},
		"only tags": {[]Ref{{"refs/tags/v1.0.0", first}}, EmptyRepository, "has no branch yet"},
		"one":       {[]Ref{{"refs/heads/trunk", first}}, BranchNotFound, "no branch live: push it, or let spec.git.branch be one of those that are there (trunk)"},
		"many":      {append(many, Ref{"refs/heads/master", first}), BranchNotFound, "(master, b00, b01, b02, b03 and others)"},
		"hostile":   {[]Ref{{"refs/heads/a\x1b[2Jb", first}, {"refs/heads/a b", first}, {"refs/heads/\u202eevil", first}, {"refs/heads/good", first}}, BranchNotFound, "(good)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := HeadOf(c.refs, "live")
			if ReasonOf(err) != c.reason || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q (%s), want %q (%s)", err, ReasonOf(err), c.want, c.reason)
			}
		})
	}
}
