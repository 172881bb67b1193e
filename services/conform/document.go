package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is an OpenAPI 3.1 description. Its schemas are JSON Schema 2020-12,
// so they are compiled where they stand.
type document struct {
	raw      map[string]any
	ops      []*operation
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// operation is one method of one path.
type operation struct {
	method, path, id string
	node             map[string]any
	at               string // JSON pointer of node
	segments         []string
	params           []param
}

type param struct {
	name, in string
	required bool
	schema   map[string]any
	at       string // JSON pointer of its schema
}

var methods = []string{"get", "head", "post", "put", "patch", "delete", "options"}

// readDocument reads a description; what is wrong with its form beyond JSON is for the rules to say.
func readDocument(raw []byte) (*document, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("reading the description: it is no JSON object")
	}
	d := &document{raw: root, compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(docURL, root); err != nil {
		return nil, fmt.Errorf("reading the description: %w", err)
	}
	paths := object(root["paths"])
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		d.addPath(path, object(paths[path]))
	}
	return d, nil
}

const docURL = "urn:conform:openapi"

func (d *document) addPath(path string, item map[string]any) {
	for _, method := range methods {
		node := object(item[method])
		if node == nil {
			continue
		}
		op := &operation{
			method: strings.ToUpper(method), path: path, node: node,
			at: "/paths/" + escape(path) + "/" + method, segments: strings.Split(path, "/"),
		}
		op.id, _ = node["operationId"].(string)
		op.params = append(d.paramsOf(item["parameters"], "/paths/"+escape(path)+"/parameters"), d.paramsOf(node["parameters"], op.at+"/parameters")...)
		d.ops = append(d.ops, op)
	}
}

func (d *document) paramsOf(list any, at string) []param {
	var out []param
	items, _ := list.([]any)
	for n, item := range items {
		node, where := d.follow(object(item), fmt.Sprintf("%s/%d", at, n))
		p := param{schema: object(node["schema"]), at: where + "/schema"}
		p.name, _ = node["name"].(string)
		p.in, _ = node["in"].(string)
		p.required, _ = node["required"].(bool)
		out = append(out, p)
	}
	return out
}

// follow resolves a local $ref; where is the pointer of what it leads to.
func (d *document) follow(node map[string]any, at string) (found map[string]any, where string) {
	for range 20 {
		ref, ok := node["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#") {
			return node, at
		}
		at = ref[1:]
		node = object(d.pointer(at))
	}
	return node, at
}

func (d *document) pointer(at string) any {
	var value any = d.raw
	for token := range strings.SplitSeq(strings.TrimPrefix(at, "/"), "/") {
		value = object(value)[unescape(token)]
	}
	return value
}

// find returns the operation that a request is about: fixed segments win over parameters.
func (d *document) find(method, path string) *operation {
	if d == nil {
		return nil
	}
	path, _, _ = strings.Cut(path, "?")
	want := strings.Split(path, "/")
	var best *operation
	for _, op := range d.ops {
		if op.method == method && op.matches(want) && (best == nil || op.fixed() > best.fixed()) {
			best = op
		}
	}
	if best == nil && method == "HEAD" {
		return d.find("GET", path)
	}
	return best
}

func (o *operation) matches(path []string) bool {
	return slices.EqualFunc(o.segments, path, func(want, have string) bool {
		return want == have || (strings.HasPrefix(want, "{") && have != "")
	})
}

func (o *operation) fixed() int {
	n := 0
	for _, s := range o.segments {
		if !strings.HasPrefix(s, "{") {
			n++
		}
	}
	return n
}

func (o *operation) name() string { return o.method + " " + o.path }

func (o *operation) param(in, name string) (param, bool) {
	for _, p := range o.params {
		if p.in == in && strings.EqualFold(p.name, name) {
			return p, true
		}
	}
	return param{}, false
}

// public tells whether the operation may be asked by anybody; stated whether it says so or otherwise at all.
func (o *operation) public() (public, stated bool) {
	list, stated := o.node["security"].([]any)
	return stated && len(list) == 0, stated
}

// media returns the schemas of a body by media type, and where they stand.
func (d *document) media(node map[string]any, at string) map[string]string {
	node, at = d.follow(node, at)
	out := map[string]string{}
	for kind := range object(node["content"]) {
		out[kind] = at + "/content/" + escape(kind) + "/schema"
	}
	return out
}

func (d *document) requestMedia(o *operation) map[string]string {
	return d.media(object(o.node["requestBody"]), o.at+"/requestBody")
}

// response returns the media of a status: of the status itself, its class or the default.
func (d *document) response(o *operation, status int) (media map[string]string, ok bool) {
	all := object(o.node["responses"])
	for _, name := range []string{fmt.Sprint(status), fmt.Sprintf("%dXX", status/100), "default"} {
		if node := object(all[name]); node != nil {
			return d.media(node, o.at+"/responses/"+name), true
		}
	}
	return nil, false
}

// schema compiles the schema at a pointer.
func (d *document) schema(at string) (*jsonschema.Schema, error) {
	if s := d.compiled[at]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(docURL + "#" + at)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema at #%s: %w", at, err)
	}
	d.compiled[at] = s
	return s, nil
}

// validate tells whether a JSON text is what the schema at a pointer describes.
func (d *document) validate(at string, body []byte) error {
	s, err := d.schema(at)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return s.Validate(value)
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func escape(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D", "+", "%2B", " ", "%20").Replace(token)
}

func unescape(token string) string {
	return strings.NewReplacer("%7B", "{", "%7D", "}", "%2B", "+", "%20", " ", "%25", "%", "~1", "/", "~0", "~").Replace(token)
}

func decodeStrictly(raw []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the first JSON value")
	}
	return nil
}
