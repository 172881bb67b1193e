package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

func openapiRules() []Rule {
	static := []Mode{Static, Remote, Local}
	return []Rule{
		{ID: "O-01", Title: "The description is OpenAPI 3.1, and every $ref and schema in it holds", Level: Must, Modes: static, check: documentIsSound},
		{ID: "O-02", Title: "Every operation has an operationId of its own and a summary", Level: Must, Modes: static, check: operationsAreNamed},
		{ID: "O-03", Title: "Every operation says who may ask it: security, [] for everybody", Level: Must, Modes: static, check: securityIsStated},
		{ID: "O-04", Title: "What a write takes is closed", Level: Must, Modes: static, check: writesAreClosed},
		{ID: "O-05", Title: "What is answered is open", Level: Must, Modes: static, check: answersAreOpen},
		{ID: "O-06", Title: "Idempotency-Key and If-Match are in the description, and required", Level: Must, Modes: static, check: headersAreDescribed},
		{ID: "O-07", Title: "Every operation describes its refusals as problems", Level: Must, Modes: static, check: refusalsAreDescribed},
		{ID: "O-08", Title: "No amount of money is a number", Level: Must, Modes: static, check: moneyIsNoNumber},
		{ID: "O-09", Title: "/openapi.json is the description that is checked in", Level: Must, Modes: []Mode{Remote, Local}, check: documentIsServed},
		{ID: "O-11", Title: "A body that is answered as JSON has a typed schema", Level: Must, Modes: static, check: answersAreTyped},
		{ID: "O-12", Title: "An identifier is a string", Level: Must, Modes: static, check: idsAreText},
	}
}

// described returns the description, or why there is none to look at.
func (c *Case) described() (*document, error) {
	if c.doc != nil {
		c.sees()
		return c.doc, nil
	}
	if c.Settings.OpenAPI == "none" {
		return nil, skip("the service has no API, only pages")
	}
	c.sees()
	if c.docErr != nil {
		return nil, c.docErr
	}
	return nil, errNoDocument
}

// each runs a look at every operation, and joins what is wrong.
func (c *Case) each(look func(*document, *operation) string) error {
	d, err := c.described()
	if err != nil {
		return err
	}
	var wrong []string
	for _, op := range d.ops {
		if text := look(d, op); text != "" {
			wrong = append(wrong, op.name()+": "+text)
		}
	}
	return complaint(wrong)
}

func complaint(wrong []string) error {
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%s", strings.Join(slices.Compact(wrong), "; "))
}

func documentIsSound(_ context.Context, c *Case) error {
	d, err := c.described()
	if err != nil {
		return err
	}
	if version, _ := d.raw["openapi"].(string); !strings.HasPrefix(version, "3.1.") {
		return fmt.Errorf("openapi is %q, not 3.1.x", version)
	}
	if len(d.ops) == 0 {
		return fmt.Errorf("it has no operation")
	}
	var wrong []string
	d.walk(d.raw, "", func(at string, node map[string]any) {
		ref, ok := node["$ref"].(string)
		if ok && (!strings.HasPrefix(ref, "#/") || d.pointer(ref[1:]) == nil) {
			wrong = append(wrong, at+" refers to "+ref+", which is not there")
		}
	})
	for name := range object(object(d.raw["components"])["schemas"]) {
		if _, err := d.schema("/components/schemas/" + escape(name)); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	return complaint(wrong)
}

// walk visits every object below a value.
func (d *document) walk(value any, at string, visit func(at string, node map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		visit(at, v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			d.walk(v[name], at+"/"+name, visit)
		}
	case []any:
		for n, item := range v {
			d.walk(item, fmt.Sprintf("%s/%d", at, n), visit)
		}
	}
}

func operationsAreNamed(_ context.Context, c *Case) error {
	seen := map[string]string{}
	return c.each(func(_ *document, op *operation) string {
		if op.id == "" {
			return "it has no operationId"
		}
		if other := seen[op.id]; other != "" {
			return "its operationId is that of " + other
		}
		seen[op.id] = op.name()
		if s, _ := op.node["summary"].(string); s == "" {
			return "it has no summary"
		}
		return ""
	})
}

var schemes = []string{"customer", "owner", "staff", "service"}

func securityIsStated(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		public, stated := op.public()
		if !stated {
			return "it has no security; [] is for everybody"
		}
		if public {
			return ""
		}
		known := object(object(d.raw["components"])["securitySchemes"])
		ways, _ := op.alternatives()
		for _, way := range ways {
			switch {
			case !slices.Contains(schemes, way.scheme):
				return fmt.Sprintf("its security is %q, not one of %s", way.scheme, strings.Join(schemes, ", "))
			case known[way.scheme] == nil:
				return "components.securitySchemes does not have " + way.scheme
			case (way.scheme == "staff" || way.scheme == "service") && len(way.names) == 0:
				return "its security names no scope or service"
			}
		}
		return ""
	})
}

func writesAreClosed(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		for kind, at := range d.requestMedia(op) {
			if !strings.HasSuffix(kind, "json") || op.isWebhook() {
				continue
			}
			if open := d.openings(at, nil); len(open) > 0 {
				return "its body takes members that are not described: " + strings.Join(open, ", ") + " lacks additionalProperties: false"
			}
		}
		return ""
	})
}

// openings are the objects of a schema that take any member.
func (d *document) openings(at string, seen []string) []string {
	return d.objects(at, seen, func(node map[string]any) bool {
		closed, ok := node["additionalProperties"].(bool)
		closed2, ok2 := node["unevaluatedProperties"].(bool)
		_, keyed := node["additionalProperties"].(map[string]any) // a map of typed values
		return !keyed && (!ok || closed) && (!ok2 || closed2)
	})
}

// closings are those that take no other member.
func (d *document) closings(at string, seen []string) []string {
	return d.objects(at, seen, func(node map[string]any) bool {
		open, ok := node["additionalProperties"].(bool)
		open2, ok2 := node["unevaluatedProperties"].(bool)
		return (ok && !open) || (ok2 && !open2)
	})
}

// objects are the pointers of the object schemas reached from at that meet the test.
func (d *document) objects(at string, seen []string, test func(map[string]any) bool) []string {
	node, at := d.follow(object(d.pointer(at)), at)
	if node == nil || slices.Contains(seen, at) {
		return nil
	}
	seen = append(seen, at)
	var out []string
	if kind(node) == "object" && test(node) {
		out = append(out, "#"+at)
	}
	for name := range object(node["properties"]) {
		out = append(out, d.objects(at+"/properties/"+escape(name), seen, test)...)
	}
	for _, word := range []string{"items", "additionalProperties"} {
		if object(node[word]) != nil {
			out = append(out, d.objects(at+"/"+word, seen, test)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func answersAreOpen(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		for status := range object(op.node["responses"]) {
			for kind, at := range d.media(object(object(op.node["responses"])[status]), op.at+"/responses/"+status) {
				if closed := d.closings(at, nil); strings.HasSuffix(kind, "json") && len(closed) > 0 {
					return "its answers cannot grow: " + strings.Join(closed, ", ") + " has additionalProperties: false"
				}
			}
		}
		return ""
	})
}

func headersAreDescribed(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		name := map[string]string{"POST": "Idempotency-Key", "PUT": "If-Match", "PATCH": "If-Match", "DELETE": "If-Match"}[op.method]
		if name == "" || op.node["x-safe"] == true || op.isWebhook() || d.isForm(op) {
			return ""
		}
		if p, ok := op.param("header", name); !ok || !p.required {
			return "it does not require " + name
		}
		return ""
	})
}

// isWebhook tells whether a stranger sends it, who keeps rules of his own.
func (o *operation) isWebhook() bool { return o.node["x-webhook"] == true }

// isForm tells whether an operation takes what a page's form sends, which has no header of ours.
func (d *document) isForm(op *operation) bool {
	media := d.requestMedia(op)
	return media["application/x-www-form-urlencoded"] != "" && media["application/json"] == ""
}

func refusalsAreDescribed(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		media, ok := d.response(op, 422)
		if !ok {
			if media, ok = d.response(op, 404); !ok {
				return "it describes no refusal, not even default"
			}
		}
		if media["application/problem+json"] == "" {
			return "its refusals are no application/problem+json"
		}
		return ""
	})
}

var moneyNames = regexp.MustCompile(`(?i)^(amount|price|total|subtotal|cost|fee|refund|tax|discount|balance)$`)

func moneyIsNoNumber(_ context.Context, c *Case) error {
	return c.properties(func(name string, schema map[string]any) string {
		if k := kind(schema); moneyNames.MatchString(name) && (k == "number" || k == "integer") {
			return "is a " + k
		}
		return ""
	})
}

var idNames = regexp.MustCompile(`^(id|.*(Id|ID|_id))$`)

func idsAreText(_ context.Context, c *Case) error {
	return c.properties(func(name string, schema map[string]any) string {
		if k := kind(schema); idNames.MatchString(name) && k != "string" && k != "" {
			return "is of type " + k
		}
		return ""
	})
}

// properties looks at every named member that the description has.
func (c *Case) properties(look func(name string, schema map[string]any) string) error {
	d, err := c.described()
	if err != nil {
		return err
	}
	var wrong []string
	d.walk(d.raw, "", func(at string, node map[string]any) {
		for name, schema := range object(node["properties"]) {
			found, _ := d.follow(object(schema), at)
			if text := look(name, found); text != "" {
				wrong = append(wrong, at+"/properties/"+name+" "+text)
			}
		}
	})
	return complaint(wrong)
}

func answersAreTyped(_ context.Context, c *Case) error {
	return c.each(func(d *document, op *operation) string {
		for status, node := range object(op.node["responses"]) {
			at := d.media(object(node), op.at+"/responses/"+status)["application/json"]
			if at == "" {
				continue
			}
			schema, _ := d.follow(object(d.pointer(at)), at)
			if k := kind(schema); k != "object" && k != "array" && schema["oneOf"] == nil && schema["anyOf"] == nil {
				return fmt.Sprintf("its %s is JSON of type %q", status, k)
			}
		}
		return ""
	})
}

// documentIsServed compares by meaning: a server may write the text differently.
func documentIsServed(ctx context.Context, c *Case) error {
	if c.Settings.OpenAPI == "none" {
		return skip("the service has no API, only pages")
	}
	a := c.ask(ctx, "GET", "/openapi.json")
	if err := a.want(200); err != nil {
		return err
	}
	if kind := a.mediaType(); kind != "application/json" && kind != "application/openapi+json" && kind != "application/vnd.oai.openapi+json" {
		return fmt.Errorf("/openapi.json is %q", kind)
	}
	if c.Settings.folder == "" {
		return nil // there is nothing to compare with: that it is a description is O-01
	}
	raw, err := os.ReadFile(filepath.Join(c.Settings.folder, or(c.Settings.OpenAPI, "openapi.json")))
	if err != nil {
		return unseen("reading the description that is checked in: %v", err)
	}
	var have, want any
	if err := first(json.Unmarshal(a.Body, &have), json.NewDecoder(bytes.NewReader(raw)).Decode(&want)); err != nil {
		return fmt.Errorf("/openapi.json is no JSON: %w", err)
	}
	if !reflect.DeepEqual(have, want) {
		return fmt.Errorf("/openapi.json is not the file that is checked in")
	}
	return nil
}
