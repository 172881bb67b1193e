package contracttest

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/emporium-shop/emporium/services/contract"
	"github.com/emporium-shop/emporium/services/internal/events"
)

const (
	envelopeID = "urn:emporium:schema:event"
	typeID     = "urn:emporium:event:"
)

// schemas are those of the contract by their ids. They are read apart from package events, which checks what is sent by its own reading of
// them: a mistake in that one must not hide here as well.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	var ids []string
	err := fs.WalkDir(contract.V1, "v1/schemas", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		id, err := add(c, path)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := map[string]*jsonschema.Schema{}
	for _, id := range ids {
		if all[id], err = c.Compile(id); err != nil {
			return nil, fmt.Errorf("compiling %s: %w", id, err)
		}
	}
	return all, nil
})

func add(c *jsonschema.Compiler, path string) (id string, err error) {
	text, err := contract.V1.ReadFile(path)
	if err != nil {
		return "", err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	if members, is := value.(map[string]any); is {
		id, _ = members["$id"].(string)
	}
	return id, c.AddResource(id, value)
}

// fits holds the text of an event to the schema of all events, and its data to that of its type.
func fits(of events.Type, text []byte) error {
	all, err := schemas()
	if err != nil {
		return err
	}
	if all[typeID+string(of)] == nil {
		return fmt.Errorf("%s has no schema in the contract", of)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	if err := all[envelopeID].Validate(value); err != nil {
		return fmt.Errorf("it is no event: %w", err)
	}
	members, _ := value.(map[string]any)
	if err := all[typeID+string(of)].Validate(members["data"]); err != nil {
		return fmt.Errorf("its data does not fit: %w", err)
	}
	return nil
}
