package conform

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/emporium-shop/emporium/services/contract"
)

// schemaNames are the schemas of services/contract/v1/schemas.
var schemaNames = []string{"money", "problem", "page", "contract", "event"}

var contractSchemas = sync.OnceValues(compileSchemas)

func compileSchemas() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	out := map[string]*jsonschema.Schema{}
	for _, name := range schemaNames {
		raw, err := contract.V1.ReadFile("v1/schemas/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("reading the contract's schema: %w", err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("reading the contract's schema %s: %w", name, err)
		}
		if err := c.AddResource("urn:emporium:schema:"+name, value); err != nil {
			return nil, fmt.Errorf("reading the contract's schema %s: %w", name, err)
		}
	}
	for _, name := range schemaNames {
		s, err := c.Compile("urn:emporium:schema:" + name)
		if err != nil {
			return nil, fmt.Errorf("compiling the contract's schema %s: %w", name, err)
		}
		out[name] = s
	}
	return out, nil
}

// validateBy compares a JSON text with a schema of the contract.
func validateBy(name string, body []byte) error {
	all, err := contractSchemas()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	if err := all[name].Validate(value); err != nil {
		return fmt.Errorf("it is not what schemas/%s.json says: %w", name, err)
	}
	return nil
}
