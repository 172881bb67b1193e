package catalog

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Choice is the value that a variant has of an option.
type Choice struct{ Option, Value string }

// Choices are those of a variant, by the names of their options. It is an array so that products can be compared; what is empty is none.
type Choices [mostOptions]Choice

// choicesOf takes what is chosen; more than there is room for is told.
func choicesOf(values map[string]string) (c Choices, fits bool) {
	if len(values) > mostOptions {
		return c, false
	}
	n := 0
	for option, value := range values {
		c[n] = Choice{option, value}
		n++
	}
	slices.SortFunc(c[:n], func(a, b Choice) int { return strings.Compare(a.Option, b.Option) })
	return c, true
}

// Map are the values by the names of their options; nil where nothing is chosen.
func (c Choices) Map() map[string]string {
	if c == (Choices{}) {
		return nil
	}
	values := map[string]string{}
	for _, one := range c {
		if one.Option != "" {
			values[one.Option] = one.Value
		}
	}
	return values
}

// Value is how they are stored: nothing chosen is null.
func (c Choices) Value() (driver.Value, error) {
	if c == (Choices{}) {
		return nil, nil //nolint:nilnil // null is a value
	}
	text, err := json.Marshal(c.Map())
	return string(text), err
}

// Scan reads what is stored.
func (c *Choices) Scan(stored any) error {
	var values map[string]string
	var err error
	switch stored := stored.(type) {
	case nil:
	case string:
		err = json.Unmarshal([]byte(stored), &values)
	case []byte:
		err = json.Unmarshal(stored, &values)
	default:
		err = fmt.Errorf("it is a %T", stored)
	}
	fits := false
	if *c, fits = choicesOf(values); err == nil && !fits {
		err = fmt.Errorf("there are %d of them", len(values))
	}
	if err != nil {
		return fmt.Errorf("reading the options of a variant: %w", err)
	}
	return nil
}
