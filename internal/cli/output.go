package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

// shown is something to print, in each of the formats.
type shown struct {
	// value for -o json, yaml and jsonpath.
	value any
	// names for -o name, as shop.shop.emporium.dev/acme.
	names []string
	// text for people; wide: -o wide was asked for.
	text func(out io.Writer, wide bool) error
}

func (e *env) print(s shown) error {
	format, template, _ := strings.Cut(e.format, "=")
	switch format {
	case "", "wide":
		return s.text(e.Out, format == "wide")
	case "json":
		return printJSON(e.Out, s.value)
	case "yaml":
		return printYAML(e.Out, s.value)
	case "name":
		_, err := fmt.Fprintln(e.Out, strings.Join(s.names, "\n"))
		return err
	case "jsonpath":
		return printPath(e.Out, s.value, template)
	}
	return usage("-o %s is no format: use wide, json, yaml, name or jsonpath=TEMPLATE", e.format)
}

// forPeople tells whether text is asked for, so that what is no output, as a prompt, may be said.
func (e *env) forPeople() bool { return e.format == "" || e.format == "wide" }

func printJSON(out io.Writer, value any) error {
	b, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

func printYAML(out io.Writer, value any) error {
	b, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing YAML: %w", err)
	}
	_, err = out.Write(b)
	return err
}

// printPath works on the names that -o json shows.
func printPath(out io.Writer, value any, template string) error {
	if template == "" {
		return usage("-o jsonpath needs a template, as -o jsonpath='{.reason}'")
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	path := jsonpath.New("output").AllowMissingKeys(true) // what a shop has not, it leaves out
	if err := path.Parse(relaxed(template)); err != nil {
		return usage("-o jsonpath=%s: %v", template, err)
	}
	if err := path.Execute(out, plain); err != nil {
		return usage("-o jsonpath=%s: %v", template, err)
	}
	_, err = fmt.Fprintln(out)
	return err
}

// relaxed lets a path be written without braces and its dot, as kubectl does.
func relaxed(template string) string {
	if strings.Contains(template, "{") {
		return template
	}
	return "{." + strings.TrimPrefix(template, ".") + "}"
}
