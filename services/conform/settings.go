package conform

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Settings is a service's conform.json: what a checker cannot guess. Paths may
// hold {created}, the Location of what create made, and {created.x}, the member
// x of its body.
type Settings struct {
	// Service is its name in the shop. Unset: the name of the folder.
	Service string `json:"service,omitempty"`
	// OpenAPI is the path of its description, beside conform.json. Unset: openapi.json; "none": the
	// service has no API, only pages.
	OpenAPI string `json:"openapi,omitempty"`
	// Schema is the PostgreSQL schema that it owns. Unset: it owns no data.
	Schema string `json:"schema,omitempty"`
	// Migrate and Seed are arguments of its command that prepare the schema, run once before it is started.
	Migrate []string `json:"migrate,omitempty"`
	Seed    []string `json:"seed,omitempty"`
	// Env is added to its environment.
	Env map[string]string `json:"env,omitempty"`
	// Create makes a thing.
	Create *Write `json:"create,omitempty"`
	// Change changes a thing that has a version.
	Change *Write `json:"change,omitempty"`
	// Read is the path of a thing that is always there and has an ETag, for reads of a service that runs.
	Read string `json:"read,omitempty"`
	// Missing is the path of a thing that is never there. Unset: derived from Read or from what was created.
	Missing string `json:"missing,omitempty"`
	// List describes a list.
	List *List `json:"list,omitempty"`
	// Pages are paths that answer HTML.
	Pages []string `json:"pages,omitempty"`
	// Upstreams are the openapi.json of the services it asks, by the variable that names their address: CATALOG_URL.
	Upstreams map[string]string `json:"upstreams,omitempty"`
	// Owner is the Authorization of who may see and change what was created: one that is no token of auth's, or
	// "customer" for the token of the customer that create names, customer-1.
	Owner string `json:"owner,omitempty"`
	// Outbox tells that what Create and Change do is published as events.
	Outbox bool `json:"outbox,omitempty"`

	folder string
}

// Write is a request that makes or changes something.
type Write struct {
	// Post, Put, Patch or Delete is the path.
	Post, Put, Patch, Delete string
	// Body is valid; Other is valid, too, and means something else.
	Body  json.RawMessage `json:"body,omitempty"`
	Other json.RawMessage `json:"other,omitempty"`
	// File and OtherFile are files beside conform.json that are sent as they are, in the place of Body and Other, and
	// Type is their media type: for what takes pictures.
	File      string `json:"file,omitempty"`
	OtherFile string `json:"otherFile,omitempty"`
	Type      string `json:"type,omitempty"`
	// Of is the path of the thing whose ETag the write names in If-Match. Unset: the write's own path, or
	// {created} where that begins with it.
	Of string `json:"of,omitempty"`
	// Asks tells that the write asks an upstream.
	Asks bool `json:"asks,omitempty"`
}

// List is a list of the service.
type List struct {
	// Get is its path.
	Get string
	// Filter is a query that some items meet, Empty one that none does: "category=toys".
	Filter string `json:"filter,omitempty"`
	Empty  string `json:"empty,omitempty"`
	// Key is the member that tells items apart. Unset: id.
	Key string `json:"key,omitempty"`
	// Grows tells that Create adds to the list.
	Grows bool `json:"grows,omitempty"`
}

// Load reads a conform.json.
func Load(path string) (*Settings, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the service's settings: %w", err)
	}
	s := &Settings{folder: filepath.Dir(path)}
	if err := decodeStrictly(raw, s); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if err := s.Create.load(s.folder); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if s.Service == "" {
		full, err := filepath.Abs(s.folder)
		if err != nil {
			return nil, fmt.Errorf("naming the service: %w", err)
		}
		s.Service = filepath.Base(full)
	}
	return s, nil
}

func (w *Write) method() string {
	switch {
	case w.Post != "":
		return "POST"
	case w.Put != "":
		return "PUT"
	case w.Patch != "":
		return "PATCH"
	}
	return "DELETE"
}

func (w *Write) path() string { return w.Post + w.Put + w.Patch + w.Delete }

// Times are the bounds of the contract that a check waits for. Tests of the
// checker shorten them, on both sides.
type Times struct {
	// Idle is how long a service must keep an idle connection.
	Idle time.Duration
	// Deadline is how long an answer may take when the caller names no deadline.
	Deadline time.Duration
	// Patience is when a body or a header that stops must have been given up.
	Patience time.Duration
	// Outage is how long PostgreSQL is away while a service must stay ready.
	Outage time.Duration
	// Drain is DRAIN_DELAY of the process that is started.
	Drain time.Duration
	// Age bounds the life of a connection.
	Age time.Duration
	// Slack is what a busy machine may add to a deadline.
	Slack time.Duration
	// Reach is how long a service that runs may not be reached at first.
	Reach time.Duration
}

// contractTimes are those of the contract.
var contractTimes = Times{
	Idle: 5 * time.Second, Deadline: 5 * time.Second, Patience: 35 * time.Second,
	Outage: 3 * time.Second, Drain: time.Second, Age: 60 * time.Second, Slack: time.Second,
	Reach: 5 * time.Second,
}
