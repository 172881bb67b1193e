package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write testdata/values.golden anew")

// valueSets are those of testdata/values.yaml.
func valueSets(t *testing.T) (sets []map[string]any) {
	t.Helper()
	text, err := os.ReadFile("testdata/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &sets); err != nil {
		t.Fatal(err)
	}
	return sets
}

func TestValuesChangeWhatTheirGoldenLinesSay(t *testing.T) {
	c := loaded(t, "emporium")
	defaults, withoutCRDs := lines(t, c, nil), lines(t, c, map[string]any{"crds": map[string]any{"enabled": false}})
	var got strings.Builder
	for _, values := range valueSets(t) {
		name, _ := json.Marshal(values)
		before := defaults
		if values["crds"] == nil && values["commonLabels"] == nil {
			// CRDs take a second to render, and no other value changes them.
			values["crds"], before = map[string]any{"enabled": false}, withoutCRDs
		}
		changes := differences(before, lines(t, c, values))
		if len(changes) == 0 {
			t.Errorf("%s has no effect", name)
		}
		fmt.Fprintf(&got, "# %s\n%s\n\n", name, strings.Join(changes, "\n"))
	}
	if *update {
		if err := os.WriteFile("testdata/values.golden", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/values.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("values have other effects; if it is meant: go -C hack/dist test . -run Golden -update\n-want +got:\n%s", diff)
	}
}

func TestEveryValueIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, values := range valueSets(t) {
		for path := range leaves("", values) {
			for ; path != ""; path = path[:max(0, strings.LastIndexAny(path, ".["))] {
				tried[path] = true
			}
		}
	}
	for path := range leaves("", loaded(t, "emporium").Values) {
		for own := path; !tried[own]; own = own[:strings.LastIndexByte(own, '.')] {
			if !strings.Contains(own, ".") {
				t.Errorf("testdata/values.yaml has no line for %s", path)
				break
			}
		}
	}
}

// lines are the objects of a chart, a line for each value in them. A CRD is told by what is beside its schema.
func lines(t *testing.T, c *chart.Chart, values map[string]any) map[string]bool {
	t.Helper()
	manifest, err := render(c, release{}, values)
	if err != nil {
		t.Fatalf("rendering with %v: %v", values, err)
	}
	all := map[string]bool{}
	for key, one := range objects(t, manifest) {
		if one["kind"] == "CustomResourceDefinition" {
			delete(one, "spec")
		}
		if kind := one["kind"].(string); strings.HasSuffix(kind, "AdmissionPolicy") {
			delete(one, "spec") // copied from config/, whole
		}
		if one["kind"] == "Role" || one["kind"] == "ClusterRole" {
			delete(one, "rules") // as in config/, which another test compares
		}
		for path, value := range leaves("", one) {
			all[key+" "+path+" = "+value] = true
		}
	}
	return all
}

// differences are the lines that went and those that came. An object that went or came whole is one line.
func differences(before, after map[string]bool) []string {
	var out []string
	tell := func(sign string, of, beside map[string]bool) {
		kept := map[string]bool{}
		for line := range beside {
			kept[object(line)] = true
		}
		for line := range of {
			switch {
			case beside[line]:
			case kept[object(line)] || !strings.HasPrefix(sign, "-"):
				out = append(out, sign+line)
			default:
				out = append(out, sign+object(line))
			}
		}
	}
	tell("- ", before, after)
	tell("+ ", after, before)
	// Sorted by what changed, and what went before what came.
	slices.SortFunc(out, func(a, b string) int {
		name := func(line string) string { before, _, _ := strings.Cut(line[2:], " = "); return before }
		if c := strings.Compare(name(a), name(b)); c != 0 {
			return c
		}
		return -strings.Compare(a, b)
	})
	return slices.Compact(out)
}

// object is that of a line: its kind, namespace and name.
func object(line string) string {
	kind, rest, _ := strings.Cut(line, " ")
	name, _, _ := strings.Cut(rest, " ")
	return kind + " " + name
}

// leaves are the values of a tree by their paths. What stands in a list is found by its name, where it has one.
func leaves(path string, node any) map[string]string {
	out := map[string]string{}
	switch node := node.(type) {
	case map[string]any:
		for key, child := range node {
			maps.Copy(out, leaves(strings.TrimPrefix(path+"."+key, "."), child))
		}
	case []any:
		for i, child := range node {
			at := fmt.Sprint(i)
			if named, is := child.(map[string]any); is && named["name"] != nil {
				at = fmt.Sprint(named["name"])
			}
			maps.Copy(out, leaves(path+"["+at+"]", child))
		}
	}
	if len(out) == 0 {
		text, _ := json.Marshal(node)
		out[path] = string(text)
	}
	return out
}
