package conform

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// thing is what create made, or what read names.
type thing struct {
	path string
	body map[string]any
}

// stranger is a service that no operation names.
const stranger = "stranger"

// expand fills {created} and {created.x} in.
func (t *thing) expand(s string) string {
	if t == nil {
		return s
	}
	s = strings.ReplaceAll(s, "{created}", t.path)
	for name, value := range t.body {
		if v, ok := value.(string); ok {
			s = strings.ReplaceAll(s, "{created."+name+"}", v)
		}
	}
	return s
}

// alternative is one way in which an operation may be asked: a scheme, and
// scopes or the names of services.
type alternative struct {
	scheme string
	names  []string
}

// alternatives are those that the operation's security names. anybody tells
// that it may be asked without a token, too.
func (o *operation) alternatives() (all []alternative, anybody bool) {
	list, stated := o.node["security"].([]any)
	for _, one := range list {
		if len(object(one)) == 0 {
			anybody = true
		}
		for scheme, scopes := range object(one) {
			way := alternative{scheme: scheme}
			values, _ := scopes.([]any)
			for _, v := range values {
				if s, ok := v.(string); ok {
					way.names = append(way.names, s)
				}
			}
			all = append(all, way)
		}
	}
	return all, anybody || (stated && len(list) == 0)
}

// requirement is the first way, which the checker takes.
func (o *operation) requirement() (scheme string, names []string) {
	all, _ := o.alternatives()
	if len(all) == 0 {
		return "", nil
	}
	return all[0].scheme, all[0].names
}

// asksStaff tells whether a member of staff may ask the operation, and not everybody.
func (o *operation) asksStaff() bool {
	all, anybody := o.alternatives()
	return !anybody && slices.ContainsFunc(all, func(way alternative) bool { return way.scheme == "staff" })
}

// callers are the services that some operation names.
func (d *document) callers() []string {
	found := map[string]bool{}
	for _, op := range d.ops {
		if scheme, names := op.requirement(); scheme == "service" {
			for _, n := range names {
				found[n] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// authorize gives a request the credential that its operation wants.
func (c *Case) authorize(op *operation, r *call) {
	if op == nil {
		return
	}
	if c.auth == nil {
		if op.asksStaff() && c.Staff != "" {
			r.header.Set("Authorization", c.Staff)
		}
		return
	}
	if value := c.credential(op, r.thing); value != "" {
		r.header.Set("Authorization", value)
	}
}

// credential is the Authorization of who may ask the operation.
func (c *Case) credential(op *operation, t *thing) string {
	scheme, names := op.requirement()
	switch scheme {
	case "":
		return ""
	case "owner":
		if c.Settings.Owner != "customer" {
			return t.expand(c.Settings.Owner)
		}
		scheme = "customer"
	}
	kid, who := c.caller(scheme, names)
	return "Bearer " + c.auth.sign(kid, who)
}

// caller are the claims that fit a requirement, and the key that may sign them.
func (c *Case) caller(scheme string, names []string) (kid string, who claims) {
	switch scheme {
	case "service":
		name := stranger
		if len(names) > 0 {
			name = names[0]
		}
		return serviceKey(name), c.auth.service(name)
	case "staff":
		return newKey, c.auth.staff(strings.Join(names, " "))
	}
	return newKey, c.auth.customer("customer-1")
}

// post makes something by the settings' create, under a key.
func (c *Case) post(ctx context.Context, key string, options ...option) *Answer {
	w := c.Settings.Create
	all := append([]option{w.sends(w.Body), withKey(key)}, options...)
	return c.ask(ctx, w.method(), w.path(), all...)
}

// create makes a thing of its own for a rule that changes it.
func (c *Case) create(ctx context.Context) (*thing, error) {
	if c.Settings.Create == nil {
		return nil, skip("conform.json has no create")
	}
	a := c.post(ctx, newID(), quiet())
	if a.Err != nil || !a.is(200, 201) {
		return nil, unseen("create does not work: %d %s", a.Status, clip(a.Body))
	}
	return c.made(a), nil
}

// made is the thing that a create answered. Where there is no Location, which
// is a rule of its own, the id of its body must do.
func (c *Case) made(a *Answer) *thing {
	t := &thing{}
	_ = json.Unmarshal(a.Body, &t.body) // no object: no members to fill in
	t.path = a.Header.Get("Location")
	if u, err := url.Parse(t.path); err == nil && u.IsAbs() {
		t.path = u.RequestURI()
	}
	if id, _ := t.body["id"].(string); t.path == "" && id != "" {
		t.path = c.Settings.Create.path() + "/" + id
	}
	return t
}

// versioned is something that has a version and can be changed: its path, the
// write, and what it belongs to.
type versioned struct {
	thing *thing
	read  string
	write *Write
	path  string
}

// versioned makes or names a thing for a rule about writes.
func (c *Case) versioned(ctx context.Context) (*versioned, error) {
	w := c.Settings.Change
	if w == nil {
		return nil, skip("conform.json has no change")
	}
	v := &versioned{write: w, path: w.path(), read: or(w.Of, w.path())}
	if w.Of == "" && strings.HasPrefix(w.path(), "{created}") {
		v.read = "{created}"
	}
	if strings.Contains(v.path+v.read, "{created") {
		t, err := c.create(ctx)
		if err != nil {
			return nil, err
		}
		v.thing = t
	}
	v.path, v.read = v.thing.expand(v.path), v.thing.expand(v.read)
	return v, nil
}

// tag reads the thing's ETag now.
func (c *Case) tag(ctx context.Context, v *versioned) (string, error) {
	a := c.ask(ctx, "GET", v.read, about(v.thing), quiet())
	tag := ""
	if a.Header != nil {
		tag = a.Header.Get("ETag")
	}
	if tag == "" {
		return "", unseen("GET %s gives no ETag: %d", v.read, a.Status)
	}
	return tag, nil
}

// change sends the write of a versioned thing.
func (c *Case) change(ctx context.Context, v *versioned, body []byte, options ...option) *Answer {
	all := append([]option{jsonBody(body), about(v.thing)}, options...)
	return c.ask(ctx, v.write.method(), v.path, all...)
}

// readable is the path of something with an ETag: what the settings name, or what create makes.
func (c *Case) readable(ctx context.Context) (string, *thing, error) {
	if c.Settings.Read != "" && !strings.Contains(c.Settings.Read, "{created") {
		return c.Settings.Read, nil, nil
	}
	if c.Mode == Remote {
		return "", nil, unseen("nothing is known that can be read: name it as read in conform.json")
	}
	if c.Settings.Create == nil {
		return "", nil, skip("conform.json has neither read nor create")
	}
	t, err := c.create(ctx)
	if err != nil {
		return "", nil, err
	}
	return t.expand(or(c.Settings.Read, "{created}")), t, nil
}

// discover learns of a service that runs what conform.json would say: its
// description, a list, and an item of it.
func (w *world) discover(ctx context.Context) error {
	c := &Case{world: w}
	if w.doc == nil && w.Settings.OpenAPI != "none" {
		a := c.reach(ctx)
		if a.Err != nil {
			return fmt.Errorf("asking the service: %w", a.Err)
		}
		if a.Status == 200 {
			w.doc, w.docErr = readDocument(a.Body) // one that cannot be read fails O-01, and is no reason to look at nothing
		} else if p, _, err := c.promise(ctx); err == nil && len(p.Provides) == 0 {
			w.Settings.OpenAPI = "none" // pages, or a worker that answers probes alone
		}
	}
	c.findPages(ctx)
	if w.doc == nil || w.Settings.List != nil {
		return nil
	}
	c.findList(ctx)
	return nil
}

// reach asks a service that runs for its description. A pod that has just started, such as a release
// check's, may be let through a moment later: a network's rules follow its address.
func (c *Case) reach(ctx context.Context) *Answer {
	a := c.ask(ctx, "GET", "/openapi.json", quiet())
	for end := time.Now().Add(c.Times.Reach); a.Err != nil && ctx.Err() == nil && time.Now().Before(end); {
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		a = c.ask(ctx, "GET", "/openapi.json", quiet())
	}
	return a
}

// findPages sees whether the service is for people.
func (c *Case) findPages(ctx context.Context) {
	if a := c.ask(ctx, "GET", "/", quiet(), with("Accept", "text/html")); a.Status == 200 && a.mediaType() == "text/html" {
		c.Settings.Pages = []string{"/"}
	}
}

// findList takes a list that everybody may read, or else one that is staff's, where there is somebody who may read it.
func (c *Case) findList(ctx context.Context) {
	everybody := func(op *operation) bool { public, _ := op.public(); return public }
	if op := c.listFor(everybody); op != nil {
		c.takeList(ctx, op)
		return
	}
	ofStaff := func(op *operation) bool {
		return c.Staff != "" && op.asksStaff() && c.ask(ctx, "GET", op.path+"?limit=1", quiet()).Status == 200
	}
	if op := c.listFor(ofStaff); op != nil {
		c.takeList(ctx, op)
	}
}

// listFor is the first list that fits, without anything in its path that would have to be known.
func (c *Case) listFor(fits func(*operation) bool) *operation {
	for _, op := range c.doc.ops {
		_, limit := op.param("query", "limit")
		_, cursor := op.param("query", "cursor")
		if op.method == "GET" && limit && cursor && !strings.Contains(op.path, "{") && fits(op) {
			return op
		}
	}
	return nil
}

func (c *Case) takeList(ctx context.Context, op *operation) {
	c.Settings.List = &List{Get: op.path}
	c.findItem(ctx, op.path)
}

// findItem names the first item of the list, if the description has a path for one.
func (c *Case) findItem(ctx context.Context, list string) {
	a := c.ask(ctx, "GET", joined(list, "limit=1"), quiet())
	var page struct{ Items []map[string]any }
	if json.Unmarshal(a.Body, &page) != nil || len(page.Items) == 0 {
		return
	}
	for _, op := range c.doc.ops {
		rest, below := strings.CutPrefix(op.path, list+"/{")
		name, whole := strings.CutSuffix(rest, "}")
		if op.method != "GET" || !below || !whole {
			continue
		}
		if id, ok := page.Items[0][name].(string); ok {
			c.Settings.Read, c.Settings.List.Key = list+"/"+url.PathEscape(id), name
		}
	}
}
