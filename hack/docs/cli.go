package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"reflect"

	"github.com/invopop/jsonschema"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/foresee"
	"github.com/emporium-shop/emporium/internal/view"
)

const cliSchema = "docs/reference/cli.schema.json"

// printed are what kubectl shop prints as JSON, by command, and what the console answers where JSON is asked for.
func printed() map[string]any {
	return map[string]any{
		"status": view.Shop{}, "why": view.Chain{}, "tree": view.Node{}, "plan": foresee.Foresight{}, "diff": view.ServiceDiff{},
		"explain": view.Explanation{}, "act": act.Result{},
	}
}

// schemaOfTheCLI describes the JSON of every command, each under its name in $defs. It is a contract: fields may come, and none goes.
func schemaOfTheCLI() ([]byte, error) {
	all := &jsonschema.Schema{
		Version: jsonschema.Version, Title: "JSON of kubectl shop and of the console", Definitions: jsonschema.Definitions{},
		Description: "What -o json prints, by command, in $defs. Made by hack/docs from the Go types of internal/view.",
	}
	reflector := &jsonschema.Reflector{AllowAdditionalProperties: true, Mapper: times, Namer: named}
	for command, value := range printed() {
		s := reflector.Reflect(value)
		for name, definition := range s.Definitions {
			all.Definitions[name] = definition
		}
		all.Definitions[command] = &jsonschema.Schema{Ref: s.Ref}
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// named tells types of one name apart: those of other packages than view carry theirs.
func named(t reflect.Type) string {
	if pkg := path.Base(t.PkgPath()); t.Name() != "" && pkg != "view" {
		return pkg + "." + t.Name()
	}
	return t.Name()
}

// times are strings in JSON.
func times(t reflect.Type) *jsonschema.Schema {
	if t == reflect.TypeFor[metav1.Time]() || t == reflect.TypeFor[metav1.MicroTime]() {
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	}
	return nil
}

func writeSchema() error {
	text, err := schemaOfTheCLI()
	if err != nil {
		return err
	}
	return os.WriteFile(cliSchema, text, 0o644)
}
