package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/gtin"
)

const (
	// mostOptions is how many options a group may have.
	mostOptions = 3
	// mostVariants is how many variants a group may have: inventory tells the stock of so many at once.
	mostVariants = 100
)

// Group is what is sold in several variants. Each variant is a product with a SKU of its own, so price and stock are its own, too.
type Group struct {
	Slug, Name string
	Options    []Option
	// Version rises with each change of the group, and with none of its variants.
	Version int64
}

// Option is what variants of a group differ in, and the values that there are, in the order in which they are shown.
type Option struct {
	Name   string   `json:"name" minLength:"1" maxLength:"32" pattern:"^[^:]+$" doc:"What variants differ in" example:"colour"`
	Values []string `json:"values" nullable:"false" minItems:"1" maxItems:"50" doc:"In the order in which they are shown"`
}

// Variant says of which group a product is one, and which. The zero value: it is a product of its own.
type Variant struct {
	Group   string
	Options Choices
}

// Valid refuses options that say the same twice: nobody could tell which one is meant.
func (g Group) Valid() error {
	for n, o := range g.Options {
		if slices.ContainsFunc(g.Options[:n], func(other Option) bool { return strings.EqualFold(other.Name, o.Name) }) {
			return fault.Invalid(fmt.Sprintf("#/options/%d/name", n), "Another option has this name.")
		}
		for i, v := range o.Values {
			at := fmt.Sprintf("#/options/%d/values/%d", n, i)
			switch {
			case strings.TrimSpace(v) != v || v == "" || len(v) > 64:
				return fault.Invalid(at, "A value has 1 to 64 bytes, and no space at its ends.")
			case slices.ContainsFunc(o.Values[:i], func(other string) bool { return strings.EqualFold(other, v) }):
				return fault.Invalid(at, "The option has this value already.")
			}
		}
	}
	return nil
}

// misfit says what keeps choices from being a variant of the group, and at which option. No reason: nothing does.
func (g Group) misfit(c Choices) (option, why string) {
	chosen := c.Map()
	for _, o := range g.Options {
		switch value, there := chosen[o.Name]; {
		case !there:
			return o.Name, "A value of this option is missing: a variant has one of each."
		case !slices.Contains(o.Values, value):
			return o.Name, fmt.Sprintf("The group has no %q of this option.", value)
		}
	}
	for _, one := range c {
		if one.Option != "" && !slices.ContainsFunc(g.Options, func(o Option) bool { return o.Name == one.Option }) {
			return one.Option, "The group has no such option."
		}
	}
	return "", ""
}

// compare orders variants as the group shows them: by the places of their values, of the first option first.
func (g Group) compare(a, b Choices) int {
	ours, theirs := a.Map(), b.Map()
	for _, o := range g.Options {
		if by := slices.Index(o.Values, ours[o.Name]) - slices.Index(o.Values, theirs[o.Name]); by != 0 {
			return by
		}
	}
	return 0
}

// validGTIN refuses what is no GTIN; empty takes it away.
func validGTIN(text string) error {
	if _, valid := gtin.Of(text); !valid && text != "" {
		return fault.Invalid("#/gtin", "It is no GTIN: that has 8, 12, 13 or 14 digits, and the last one is the check digit of the others.")
	}
	return nil
}

// says tells whether two groups say the same.
func (g Group) says(other Group) bool {
	same := func(a, b Option) bool { return a.Name == b.Name && slices.Equal(a.Values, b.Values) }
	return g.Name == other.Name && slices.EqualFunc(g.Options, other.Options, same)
}
