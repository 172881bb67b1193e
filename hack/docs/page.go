package main

import (
	"fmt"
	"strings"
)

// page is the reference as it is written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) begin() {
	p.line("<!-- Generated from api/v1alpha1 and config/crd/bases by hack/docs: make generate. Do not edit. -->")
	p.line("# The API, field by field\n")
	p.line("The fields of each kind with their types, defaults and bounds, as the cluster checks them. `kubectl explain shop.spec.release` says the same.")
	p.line("A type such as *core/v1 EnvVar* is Kubernetes' own: `kubectl explain shopservice.spec.env` goes on from there.")
	p.line("A duration is written as `90s`, `15m` or `2h30m`. A field without a default may be left out, unless it is required.")
}

func (p *page) kind(c crd) {
	p.line("\n## %s\n", c.kind)
	p.line("%s\n", cell(c.schema.Description))
	names := "`" + c.plural + "`"
	if len(c.shortNames) > 0 {
		names += ", short `" + strings.Join(c.shortNames, "`, `") + "`"
	}
	p.line("`apiVersion: %s/%s`; for kubectl: %s.", c.group, c.version, names)
	p.line("\n| column | shows |\n|---|---|")
	for _, column := range c.columns {
		name := strings.ToUpper(column.Name)
		if column.Priority > 0 {
			name += " (`-o wide`)"
		}
		p.line("| %s | `%s` |", name, column.JSONPath)
	}
}

func (p *page) fields(kind, part string, rows []row) {
	p.line("\n### %s: %s\n", kind, part)
	p.line("| field | type | default | bounds | |\n|---|---|---|---|---|")
	for _, r := range rows {
		p.line("| `%s` | %s | %s | %s | %s |", r.path, r.kind, cell(r.fallback), cell(r.bounds), cell(r.text))
	}
}

func (p *page) rules(c crd) {
	rules := allRules("", c.schema)
	if len(rules) == 0 {
		return
	}
	p.line("\n### %s: rules\n", c.kind)
	p.line("What is checked beyond types and bounds. The message is what one reads who breaks the rule.\n")
	p.line("| of | message | rule |\n|---|---|---|")
	for _, r := range rules {
		of := "`" + r.path + "`"
		if r.path == "" {
			of = "the object"
		}
		p.line("| %s | %s | %s |", of, cell(r.Message), cell("`"+r.Rule+"`"))
	}
}

func (p *page) constants(c constants) {
	for _, part := range []struct {
		title, text string
		words       []constant
	}{
		{"Conditions", "Abnormal ones are present only while they are true. [Look inside](../guides/look-inside.md#conditions) says how to read them.", c.conditions},
		{"Reasons", "`STATUS` of `kubectl get shop` is one of these. What to do about each is in [Look inside](../guides/look-inside.md#every-status).", c.reasons},
		{"Annotations", "On a ShopRelease, unless it says otherwise.", c.annotations},
	} {
		p.line("\n## %s\n", part.title)
		p.line("%s\n\n| | |\n|---|---|", part.text)
		for _, w := range part.words {
			p.line("| `%s` | %s |", w.value, cell(w.text))
		}
	}
}

// cell puts a text into one cell of a table. Outside of code a < would begin a tag.
func cell(s string) string {
	s = strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
	parts := strings.Split(s, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "<", "&lt;")
	}
	return strings.Join(parts, "`")
}
