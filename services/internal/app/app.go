// Package app runs a service: it reads the environment, wires what every service
// has, and carries the process from its start to an end that fails no request.
//
// A service says what it is (Service) and makes its parts from a Kit. Its main is
// one line. Start → listen → warm → ready → serve; SIGTERM → not ready, and
// Connection: close on every answer → still serving for DRAIN_DELAY, until no
// proxy sends new requests → no new connections, requests in flight finish within
// DRAIN_LIMIT → workers stop → the pool closes → exit 0.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Service is what makes one service differ from another.
type Service struct {
	// Name is what the service is called where SHOP_SERVICE says nothing else.
	Name string
	// About is a sentence for its API's description.
	About string
	// Schema is its part of the database; without a name it owns no data.
	Schema postgres.Schema
	// Provides and Needs list APIs as name/version: "catalog/v1". What it needs it
	// may ask: CATALOG_URL must then be an address, or the process does not start.
	Provides, Needs []string
	// Knows lists APIs that it asks where the shop has them, and does without where
	// it has not: REVIEWS_URL may be missing.
	Knows []string
	// Emits and Takes are the types of the events that it publishes, by its outbox,
	// and of those that it has effects of, by its inbox. Where there are any, EVENTS_URL
	// must be set for its workers.
	Emits, Takes []events.Type
	// Edge says that customers' browsers talk to it: it repeats questions to
	// other services, which those do not among themselves.
	Edge bool
	// Limits bound its requests; zero takes httpapi's defaults.
	Limits httpapi.Limits
	// Seed fills an empty schema with sample data. Only the command seed does so,
	// and migrate where SHOP_SEED=sample.
	Seed func(context.Context, *postgres.DB) error
	// Commands are further commands of the binary, by name.
	Commands map[string]func(ctx context.Context, get func(string) string, args []string) error
	// New wires the service. It must not ask the database or another service: the
	// command openapi calls it where there is neither.
	New func(context.Context, *Kit) (Parts, error)
}

// Kit is what a service is made of.
type Kit struct {
	Config Config
	// DB is the pool of the service's schema; nil for a service that owns no data.
	DB *postgres.DB
	// Log adds service and release, and to what is logged with a request's
	// context its trace and route.
	Log *slog.Logger
	// Metrics takes metrics of the service's own.
	Metrics prometheus.Registerer
	// Now is the clock.
	Now func() time.Time

	service Service
	token   func(context.Context) (string, error)
	bus     func() (events.Bus, error)
	opened  atomic.Bool
}

// Parts is what a service is, once it is wired.
type Parts struct {
	// API is its routes; nil for one that only works.
	API *httpapi.API
	// Workers do what needs no request.
	Workers []Worker
	// Warm is run until it succeeds once, and the service is not started before:
	// it fills caches, or tries whom it needs. It is repeated while it fails.
	Warm func(context.Context) error
	// Checks are reasons of its own to be not ready.
	Checks []httpapi.Check
}

// NewAPI returns an API with the service's name.
func (k *Kit) NewAPI() *httpapi.API {
	return httpapi.NewAPI(strings.ToUpper(k.service.Name[:1])+k.service.Name[1:], k.service.About)
}

// Client asks a service that is among Needs.
func (k *Kit) Client(name string) *client.Client {
	address, known := k.Config.URLs[name]
	if !known {
		panic(fmt.Sprintf("%s asks %s, which is not among its Needs or Knows", k.service.Name, name)) // at the start, never later
	}
	return client.New(client.Options{Service: name, URL: address, Token: k.token, Edge: k.service.Edge})
}

// ClientIfKnown asks a service that is among Knows, if the shop has it.
func (k *Kit) ClientIfKnown(name string) (*client.Client, bool) {
	if _, there := k.Config.URLs[name]; !there {
		return nil, false
	}
	return k.Client(name), true
}

// Bus is where events are published and taken, for workers. It is connected to
// when it is asked for the first time, so hand the method itself to them.
func (k *Kit) Bus() (events.Bus, error) {
	k.opened.Store(true)
	return k.bus()
}

func (k *Kit) closeBus() {
	if !k.opened.Load() {
		return
	}
	if bus, err := k.bus(); err == nil {
		_ = bus.Close() // what was not acknowledged comes again
	}
}

func (s Service) hasEvents() bool { return len(s.Emits)+len(s.Takes) > 0 }

// contract is what /contract says.
func (s Service) contract(cfg Config) (c httpapi.Contract, err error) {
	c = httpapi.Contract{Provides: s.Provides, Consumes: slices.Clone(s.Needs), Emits: texts(s.Emits), Takes: texts(s.Takes)}
	for n, name := range names(s.Knows) {
		if _, there := cfg.URLs[name]; there {
			c.Consumes = append(c.Consumes, s.Knows[n])
		}
	}
	if s.Schema.Name == "" {
		return c, nil
	}
	version, err := s.Schema.Version()
	c.Schema = &httpapi.Schema{Name: s.Schema.Name, Version: version, Floor: s.Schema.Floor}
	return c, err
}

func texts(types []events.Type) (list []string) {
	for _, t := range types {
		list = append(list, string(t))
	}
	return list
}

// needs are the names of Needs, without their versions.
func (s Service) needs() []string {
	return names(s.Needs)
}

func names(apis []string) (list []string) {
	for _, api := range apis {
		name, _, _ := strings.Cut(api, "/")
		list = append(list, name)
	}
	return list
}
