package money

import "github.com/danielgtaylor/huma/v2"

// Schema describes money in OpenAPI until httpapi has one schema for it by
// reference; then this file goes.
func (Money) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"amount", "currency"}, AdditionalProperties: false,
		Description: "An amount of a currency",
		Properties: map[string]*huma.Schema{
			"amount":   {Type: huma.TypeString, Pattern: `^-?\d{1,10}(\.\d{1,4})?$`, Description: "Decimal, with the digits that the currency has", Examples: []any{"12.90"}},
			"currency": {Type: huma.TypeString, Pattern: `^[A-Z]{3}$`, Description: "ISO 4217", Examples: []any{"EUR"}},
		},
	}
	s.PrecomputeMessages()
	for _, p := range s.Properties {
		p.PrecomputeMessages()
	}
	return s
}
