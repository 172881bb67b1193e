// Package shop is the whole shop in one process, for who works on a service or on pages: every Go service of this repository
// with its workers, a front door that knows the paths, NATS for events, and a database with sample goods. A shop that serves customers runs each
// service by itself, and no image is made of this.
package shop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
	"github.com/emporium-shop/emporium/services/tokens"
)

const (
	// Name of the shop, and the audience of its tokens.
	Name = "acme"
	// Release that the services say they are of.
	Release = "acme-laptop"
)

// member is a service that takes part, with the paths that lead to it.
type member struct {
	app.Service
	paths []string
}

// Options say how the shop runs.
type Options struct {
	// Address of the front door. Empty: a free port of 127.0.0.1.
	Address string
	// DatabaseURL is a PostgreSQL in which the user may make schemas; what it holds stays. Empty: a throw-away one is started,
	// which needs PostgreSQL 15 on this machine.
	DatabaseURL string
	// Fsync lets the throw-away PostgreSQL wait for the disk at each commit. Without it a laptop is spared, and a measurement
	// says less.
	Fsync bool
	// Environment is given to all services beside what the shop tells them, LOG_LEVEL for example. EVENTS_URL is a NATS of one's
	// own; without it one is started that ends with the shop. CATALOG_URL, REVIEWS_URL and
	// so on say that this service runs elsewhere: it is not started here, and its requests go there.
	Environment map[string]string
	// Log takes the services' logs; nil is the standard error.
	Log io.Writer
}

// elsewhere is the address of a service that does not run in this process; empty where it does.
func (o Options) elsewhere(m member) string { return o.Environment[app.URLVariable(m.Name)] }

// takes tells whether a service takes part: one that is not in Go only when it runs elsewhere.
func (o Options) takes(m member) bool { return m.New != nil || o.elsewhere(m) != "" }

// Shop is a shop that runs.
type Shop struct {
	members []member
	key     tokens.Key
	// own are the keys that services sign their own tokens with, by name.
	own      map[string]tokens.Key
	database *database
	bus      *bus
	rooms    map[string]*room
	running  []*app.Process
	front    *http.Server
	at       net.Listener
	failed   chan error
}

// Start starts the shop, and returns when it sells.
func Start(ctx context.Context, o Options) (*Shop, error) {
	s := &Shop{key: tokens.New(tokens.AuthKey), own: map[string]tokens.Key{}, rooms: map[string]*room{}}
	for _, m := range all() {
		if o.takes(m) {
			s.members = append(s.members, m)
			s.own[m.Name] = tokens.New("service/" + m.Name + "/1")
		}
	}
	s.failed = make(chan error, len(s.members)+1)
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Shop) start(ctx context.Context, o Options) (err error) {
	if s.database, err = open(o.DatabaseURL, o.Fsync); err != nil {
		return err
	}
	if s.bus, err = openBus(o.Environment[eventsURL]); err != nil {
		return err
	}
	// All addresses are there before the first service asks for another's, and before mails link to the shop's own. Customers who
	// come before it sells wait at the door.
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	if s.at, err = new(net.ListenConfig).Listen(ctx, "tcp", o.Address); err != nil {
		return fmt.Errorf("listening for customers: %w", err)
	}
	for _, m := range s.members {
		if s.rooms[m.Name], err = newRoom(ctx); err != nil {
			return err
		}
	}
	for _, m := range s.members {
		if err := s.begin(ctx, m, o); err != nil {
			return fmt.Errorf("starting %s: %w", m.Name, err)
		}
	}
	for _, p := range s.running {
		if err := ready(ctx, p); err != nil {
			return err
		}
	}
	s.open()
	return nil
}

// begin prepares the data of a service, and starts it.
func (s *Shop) begin(ctx context.Context, m member, o Options) error {
	if address := o.elsewhere(m); address != "" {
		return s.rooms[m.Name].leadTo(address)
	}
	environment := s.environment(m.Name, o.Environment)
	if m.Schema.Name != "" {
		url, err := s.database.prepare(ctx, m.Service)
		if err != nil {
			return err
		}
		environment["DATABASE_URL"] = url
	}
	p, err := app.Start(ctx, m.Service, app.Options{Environment: environment, Host: "127.0.0.1", Log: o.Log, Inline: true})
	if err != nil {
		return err
	}
	s.running = append(s.running, p)
	s.rooms[m.Name].take(p.Handler())
	go func() {
		if err, failed := <-p.Failed(); failed {
			s.failed <- fmt.Errorf("%s: %w", m.Name, err)
		}
	}()
	return nil
}

// environment is what a service is told.
func (s *Shop) environment(name string, more map[string]string) map[string]string {
	e := map[string]string{
		"PUBLIC_URL": s.URL(), // which somebody before it knows better
		// Who sells, for invoices: a sample, as in services/invoicing/shop.
		"SELLER_NAME": "Emporium Sample GmbH", "SELLER_STREET": "Musterweg 1", "SELLER_POSTCODE": "10115", "SELLER_CITY": "Berlin", "SELLER_COUNTRY": "DE", "SELLER_VAT_NUMBER": "DE136695976",
	}
	maps.Copy(e, more)
	maps.Copy(e, map[string]string{
		"SHOP": Name, "SHOP_RELEASE": Release, "SHOP_SERVICE": "", "PORT": "0", "METRICS_PORT": "0", "DRAIN_DELAY": "0s", "DRAIN_LIMIT": "5s",
		"SHOP_JWKS": string(tokens.JWKS(append(slices.Collect(maps.Values(s.own)), s.key)...)), "SHOP_SERVICE_KEY": string(s.own[name].Private()), eventsURL: s.bus.url,
	})
	for name, r := range s.rooms {
		e[app.URLVariable(name)] = r.url()
	}
	return e
}

// open lets customers in.
func (s *Shop) open() {
	s.front = &http.Server{Handler: s.door(), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := s.front.Serve(s.at); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serving customers: %w", err)
		}
	}()
}

// Logger is for slog's default in a process that holds a shop: what a service logs is that service's, at its LOG_LEVEL. What
// belongs to none is the shop's.
func Logger(w io.Writer, level string) (*slog.Logger, error) {
	least, err := telemetry.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("reading LOG_LEVEL: %w", err)
	}
	return slog.New(telemetry.ByContext(telemetry.NewLog(w, least, "shop", Release).Handler())), nil
}

// URL is where the shop is.
func (s *Shop) URL() string { return "http://" + s.at.Addr().String() }

// Services are the names of those that take part.
func (s *Shop) Services() (names []string) {
	for _, m := range s.members {
		names = append(names, m.Name)
	}
	return names
}

// Running is a service that runs in the shop, as a check of a release is told of it: SHOP_SERVICES.
type Running struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Metrics string `json:"metrics"`
}

// Running are those of this process.
func (s *Shop) Running() (all []Running) {
	for _, p := range s.running {
		all = append(all, Running{p.Kit().Config.Service, p.URL(), p.SideURL()})
	}
	return all
}

// Token makes a token that the shop's services take for so long.
func (s *Shop) Token(kind, id, scope string, life time.Duration) (string, error) {
	claims := jwt.MapClaims{"aud": Name, "sub": id, "kind": kind, "exp": time.Now().Add(life).Unix()}
	if scope != "" {
		claims["scope"] = scope
	}
	return s.key.Sign(claims)
}

// Failed gets an error when a part cannot serve any more.
func (s *Shop) Failed() <-chan error { return s.failed }

// Stop ends the shop: customers first, then the services, NATS and the database last. It returns nil when every request was answered.
func (s *Shop) Stop(ctx context.Context) error {
	var errs []error
	if s.front == nil && s.at != nil {
		errs = append(errs, s.at.Close())
	}
	if s.front != nil {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		errs = append(errs, s.front.Shutdown(ctx))
	}
	for n := len(s.running) - 1; n >= 0; n-- {
		errs = append(errs, s.running[n].Stop(ctx))
	}
	for _, r := range s.rooms {
		if r != nil {
			r.close()
		}
	}
	if s.bus != nil {
		s.bus.close()
	}
	if s.database != nil {
		s.database.close()
	}
	return errors.Join(errs...)
}
