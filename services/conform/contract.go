package conform

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

func contractRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "K-01", Title: "GET /contract answers JSON by the schema", Level: Must, Modes: running, check: contractHasItsForm},
		{ID: "K-02", Title: "/contract names the service and the stack that answered", Level: Must, Modes: running, check: contractNamesTheStack},
		{ID: "K-03", Title: "provides and consumes name APIs as name/version; what it asks it consumes", Level: Must, Modes: running, check: contractNamesAPIs},
		{ID: "K-04", Title: "The schema's version and floor are those of its tables migrations and floor", Level: Must, Modes: []Mode{Local}, check: contractFitsTheTables},
	}
}

// promise is the body of /contract.
type promise struct {
	Service, Version, Shop, Release, Contract string
	Provides, Consumes                        []string
	Schema                                    *struct {
		Name           string
		Version, Floor int64
	}
}

func (c *Case) promise(ctx context.Context) (promise, *Answer, error) {
	var p promise
	a := c.ask(ctx, "GET", "/contract", anonymous())
	if err := a.want(200); err != nil {
		return p, a, err
	}
	if a.mediaType() != "application/json" {
		return p, a, fmt.Errorf("/contract is %q, not application/json", a.mediaType())
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return p, a, fmt.Errorf("/contract is no JSON as agreed: %w", err)
	}
	return p, a, nil
}

// other makes a rule undecided where K-01 fails for it.
func (c *Case) promised(ctx context.Context) (promise, *Answer, error) {
	p, a, err := c.promise(ctx)
	if err != nil {
		return p, a, unseen("there is no /contract: see K-01")
	}
	return p, a, nil
}

func contractHasItsForm(ctx context.Context, c *Case) error {
	_, a, err := c.promise(ctx)
	if err != nil {
		return err
	}
	return validateBy("contract", a.Body)
}

func contractNamesTheStack(ctx context.Context, c *Case) error {
	p, a, err := c.promised(ctx)
	if err != nil {
		return err
	}
	want := p.Service + "=" + p.Release
	if own, _, _ := strings.Cut(a.Header.Get("X-Shop-Sources"), ","); strings.TrimSpace(own) != want && own != "" {
		return fmt.Errorf("it names %s, X-Shop-Sources %s", want, own)
	}
	if p.Service != c.Settings.Service {
		return fmt.Errorf("it names the service %q, it is %q", p.Service, c.Settings.Service)
	}
	if c.Mode == Local && (p.Shop != shopName || p.Release != release) {
		return fmt.Errorf("it names shop %q and release %q; SHOP is %q, SHOP_RELEASE %q", p.Shop, p.Release, shopName, release)
	}
	return nil
}

var apiName = regexp.MustCompile(`^[a-z][a-z0-9-]*/v[1-9][0-9]*$`)

func contractNamesAPIs(ctx context.Context, c *Case) error {
	p, _, err := c.promised(ctx)
	if err != nil {
		return err
	}
	for _, name := range append(append([]string{}, p.Provides...), p.Consumes...) {
		if !apiName.MatchString(name) {
			return fmt.Errorf("%q is no name/version", name)
		}
	}
	for _, u := range c.ups {
		if !strings.Contains(","+strings.Join(p.Consumes, ","), ","+u.name+"/v") {
			return fmt.Errorf("it asks %s, consumes is %v", u.name, p.Consumes)
		}
	}
	return nil
}

func contractFitsTheTables(ctx context.Context, c *Case) error {
	if c.db == nil {
		return skip("it owns no data")
	}
	p, _, err := c.promised(ctx)
	if err != nil {
		return err
	}
	if p.Schema == nil || p.Schema.Name != c.Settings.Schema {
		return fmt.Errorf("it owns schema %s, and /contract does not say so", c.Settings.Schema)
	}
	conn, err := c.db.Connect(ctx)
	if err != nil {
		return unseen("%v", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	var version, floor int64
	err = conn.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT coalesce(max(version_id), 0) FROM %[1]s.migrations WHERE is_applied),
		(SELECT coalesce(max(floor), 0) FROM %[1]s.floor)`, p.Schema.Name)).Scan(&version, &floor)
	if err != nil {
		return fmt.Errorf("reading tables migrations and floor of schema %s: %w", p.Schema.Name, err)
	}
	if version != p.Schema.Version || floor != p.Schema.Floor {
		return fmt.Errorf("/contract says version %d, floor %d; the tables say %d, %d", p.Schema.Version, p.Schema.Floor, version, floor)
	}
	return nil
}
