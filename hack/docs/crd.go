package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// crd is what the reference tells of a CustomResourceDefinition.
type crd struct {
	kind, plural, group, version string
	shortNames                   []string
	columns                      []column
	schema                       schema
}

type column struct {
	Name     string `json:"name"`
	JSONPath string `json:"jsonPath"`
	Priority int    `json:"priority"`
}

// schema is the part of an OpenAPI schema that the reference tells of.
type schema struct {
	Description   string            `json:"description"`
	Properties    map[string]schema `json:"properties"`
	Items         *schema           `json:"items"`
	Required      []string          `json:"required"`
	Default       json.RawMessage   `json:"default"`
	Enum          []string          `json:"enum"`
	Pattern       string            `json:"pattern"`
	Minimum       *float64          `json:"minimum"`
	Maximum       *float64          `json:"maximum"`
	MinLength     *float64          `json:"minLength"`
	MaxLength     *float64          `json:"maxLength"`
	MinItems      *float64          `json:"minItems"`
	MaxItems      *float64          `json:"maxItems"`
	MinProperties *float64          `json:"minProperties"`
	MaxProperties *float64          `json:"maxProperties"`
	ListType      string            `json:"x-kubernetes-list-type"`
	ListMapKeys   []string          `json:"x-kubernetes-list-map-keys"`
	Rules         []rule            `json:"x-kubernetes-validations"`
}

// rule is a CEL rule with the message that a user reads who breaks it.
type rule struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

func readCRD(file string) (crd, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return crd{}, err
	}
	var stored struct {
		Spec struct {
			Group string `json:"group"`
			Names struct {
				Kind       string   `json:"kind"`
				Plural     string   `json:"plural"`
				ShortNames []string `json:"shortNames"`
			} `json:"names"`
			Versions []struct {
				Name    string   `json:"name"`
				Columns []column `json:"additionalPrinterColumns"`
				Schema  struct {
					Root schema `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &stored); err != nil {
		return crd{}, err
	}
	if len(stored.Spec.Versions) != 1 {
		return crd{}, errors.New("it has not just one version: the reference has to tell them apart")
	}
	v := stored.Spec.Versions[0]
	return crd{
		kind: stored.Spec.Names.Kind, plural: stored.Spec.Names.Plural, group: stored.Spec.Group, version: v.Name,
		shortNames: stored.Spec.Names.ShortNames, columns: v.Columns, schema: v.Schema.Root,
	}, nil
}

// placedRule is a rule with the path of the field that it is about.
type placedRule struct {
	path string
	rule
}

// allRules lists the rules of a schema, those of the whole object first.
func allRules(path string, s schema) []placedRule {
	var out []placedRule
	for _, r := range s.Rules {
		out = append(out, placedRule{path, r})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		below := name
		if path != "" {
			below = path + "." + name
		}
		out = append(out, allRules(below, s.Properties[name])...)
	}
	if s.Items != nil {
		out = append(out, allRules(path+"[]", *s.Items)...)
	}
	return out
}
