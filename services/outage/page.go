package outage

import (
	"cmp"
	"fmt"
	"strings"
)

// Page is docs/outages.md.
func Page() string {
	var b strings.Builder
	b.WriteString(opening)
	for _, s := range Optional {
		for _, p := range s.Parts {
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", s.Name, p.Page, p.About, p.words(), p.wait())
		}
		if s.Else != "" {
			fmt.Fprintf(&b, "| %s | | %s | | |\n", s.Name, s.Else)
		}
	}
	b.WriteString(between)
	for _, n := range Needed {
		fmt.Fprintf(&b, "| %s | %s |\n", n.Name, n.Then)
	}
	return b.String()
}

// words say what stands in the part's place.
func (p Part) words() string {
	switch {
	case p.Whole:
		return "503: “" + p.Instead + "”"
	case p.Kept:
		return "stays as it was last"
	case p.Instead == "":
		return "is left out"
	case strings.ContainsAny(p.Instead, "<=\""):
		return cmp.Or(p.fades(), "something plainer")
	}
	return "“" + strings.TrimSuffix(p.Instead, ".") + "”"
}

func (p Part) fades() string {
	if p.Fades == 0 {
		return ""
	}
	return fmt.Sprintf("something plainer, within %s", p.Fades)
}

func (p Part) wait() string {
	if p.Within == 0 {
		return "for nothing"
	}
	return p.Within.String()
}

const opening = `<!-- written from services/outage: UPDATE=1 go test ./services/outage -->
# What is missing while a service is away

A service that is optional costs its own part of a page and nothing else: the page answers 200, its other parts are there, orders go on, and the part is back after the service is.
The same holds of a service that takes requests and never answers: a page waits for it as long as it says here. ` + "`make outage`" + ` stops each in both ways while customers order (services/chaos -outage), those in Node, Python and Java as well, and
compares pages with this table, those of a customer who is signed in as well; ` + "`make outage-short`" + `, a step of ` + "`make test`" + `, stops services together that have no page in common.

## Optional services
| service | page | what is missing | in its place | a page waits |
|---|---|---|---|---|
`

const between = `
## Needed services
Without one of these nobody orders. Nothing is charged for an order that is not placed.

| service | what customers see then |
|---|---|
`
