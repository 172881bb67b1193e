package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Browsing are the services of the sample shop that customers look around and fill carts with. Two stacks of them start on two
// cores in seconds, which is what stories about releases need; that the whole shop sells is another story.
var Browsing = []string{"cart", "catalog", "reviews", "storefront"}

// plays tells whether a ShopService is on this stage.
func (s Stage) plays(name string) bool { return s.Part == nil || slices.Contains(s.Part, name) }

// part leaves of a manifest what plays on this stage: the other ShopServices go, and with them the names of those that are
// depended on and the checks that ask one of them; and so does NATS, where no worker plays.
func (s Stage) part(manifest string) (string, error) {
	if s.Part == nil {
		return manifest, nil
	}
	var kept []string
	for doc := range strings.SplitSeq(manifest, "\n---\n") {
		text, err := s.document(doc)
		if err != nil {
			return "", fmt.Errorf("reading the samples: %w", err)
		}
		if text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, "\n---\n"), nil
}

// document is a document of the manifest as this stage has it, or nothing.
func (s Stage) document(doc string) (string, error) {
	var object struct {
		Kind     string         `json:"kind"`
		Metadata map[string]any `json:"metadata"`
		Spec     map[string]any `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
		return "", err
	}
	name, _ := object.Metadata["name"].(string)
	if object.Kind == "StatefulSet" && name == "nats" {
		return "", nil
	}
	switch {
	case object.Kind == "ShopService" && s.plays(name):
		if needs, some := object.Spec["dependsOn"].([]any); some { // null, which takes the field out, stays null
			object.Spec["dependsOn"] = slices.DeleteFunc(needs, func(need any) bool { return !s.plays(fmt.Sprint(need)) })
		}
	case object.Kind == "ShopService":
		return "", nil
	case object.Kind == "Shop":
		if release, is := object.Spec["release"].(map[string]any); is {
			checks, _ := release["checks"].([]any)
			release["checks"] = slices.DeleteFunc(checks, func(check any) bool { return !s.checks(check) })
		}
	default:
		return doc, nil
	}
	text, err := yaml.Marshal(map[string]any{"apiVersion": "shop.emporium.dev/v1alpha1", "kind": object.Kind, "metadata": object.Metadata, "spec": object.Spec})
	return string(text), err
}

// checks tells whether a check of a release has whom it asks: that of the books goes with them, the contract's asks whoever is there.
func (s Stage) checks(check any) bool {
	fields, _ := check.(map[string]any)
	return fields["name"] != "books" || s.plays("books")
}

// clear deletes the ShopServices that do not play on this stage: an earlier visitor played on a larger one.
func (s Stage) clear(ctx context.Context) error {
	if s.Part == nil {
		return nil
	}
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "shopsvc", "-o", `jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}`)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(strings.Fields(out), s.plays)
	if len(others) == 0 {
		return nil
	}
	_, err = s.Kubectl(ctx, append([]string{"-n", Shop, "delete", "shopsvc"}, others...)...)
	return err
}
