package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
	"github.com/emporium-shop/emporium/services/shop"
	"github.com/emporium-shop/emporium/services/tokens"
)

const shopName = "acme"

// moods of the payment provider, as PSP_MOOD.
var moods = map[string]string{
	"worst": `{"lose":0.1,"late":0.1,"lateMillis":7000,"repeat":0.5,"reorder":true,"wrongAmount":0.03,"wrongCurrency":0.02}`,
}

// world is all that runs.
type world struct {
	options
	members []shop.Member
	// foreign are those of them that are not in Go, and leftOut says which of these this machine cannot start, and why.
	foreign  map[string]foreign
	leftOut  []string
	journal  *journal
	database *pgserver.Server
	nats     *process
	wire     *wire
	front    *front
	stacks   []*stack

	key         tokens.Key
	keys        map[string]string
	jwks        string
	databaseURL map[string]string
	nextPort    int
}

// newWorld makes a shop with its data, and starts PostgreSQL and NATS.
func newWorld(ctx context.Context, o options) (w *world, err error) {
	w = &world{options: o, members: shop.Members(), key: tokens.New(tokens.AuthKey), keys: map[string]string{}, databaseURL: map[string]string{}}
	// Below the ports that the kernel gives to clients: one of those may have a service's port while that is dead.
	w.nextPort = 20000 + rand.IntN(9000) //nolint:gosec // no secret
	all := []tokens.Key{w.key}
	if o.outage {
		if err := w.goAbroad(ctx); err != nil {
			return nil, err
		}
	}
	for _, m := range w.members {
		own := tokens.New("service/" + m.Name + "/1")
		w.keys[m.Name], all = string(own.Private()), append(all, own)
	}
	w.jwks = string(tokens.JWKS(all...))
	if err := errors.Join(os.RemoveAll(w.dir), os.MkdirAll(w.dir, 0o700)); err != nil {
		return nil, err
	}
	if w.journal, err = openJournal(filepath.Join(w.dir, "journal.jsonl")); err != nil {
		return nil, err
	}
	// What the kernel has of a page when postgres is killed may be half of it.
	if w.database, err = pgserver.Start("synchronous_commit=on", "full_page_writes=on", "max_connections=700"); err != nil {
		return w, err
	}
	if w.wire, err = openWire(w.database.URL(shopName, pgserver.Superuser)); err != nil {
		return w, err
	}
	if err := w.startNATS(); err != nil {
		return w, err
	}
	if err := w.prepare(ctx); err != nil {
		return w, err
	}
	w.front, err = openFront(w.members)
	return w, err
}

// goAbroad takes those that are not in Go among the members.
func (w *world) goAbroad(ctx context.Context) (err error) {
	if w.foreign, w.leftOut, err = abroad(ctx); err != nil {
		return err
	}
	for _, m := range shop.Foreign() {
		if f, there := w.foreign[m.Name]; there {
			w.members = append(w.members, f.member(m.Paths))
		}
	}
	return nil
}

// close ends all that runs.
func (w *world) close() {
	for _, s := range w.stacks {
		stopNow(append(s.services, s.workers...))
	}
	if w.front != nil {
		w.front.close()
	}
	if w.nats != nil {
		stopNow([]*process{w.nats})
	}
	if w.wire != nil {
		w.wire.close()
	}
	if w.database != nil {
		w.database.Stop()
	}
	w.journal.close()
}

// port finds one that is free.
func (w *world) port() int {
	for {
		w.nextPort++
		at, err := net.Listen("tcp", fmt.Sprintf(":%d", w.nextPort))
		if err == nil {
			_ = at.Close()
			return w.nextPort
		}
	}
}

func (w *world) eventsURL() string { return fmt.Sprintf("nats://127.0.0.1:%d", w.nats.port) }

// startNATS runs a server with its files in a folder that stays: what the sample shop's has in its volume.
func (w *world) startNATS() error {
	port, at := w.port(), filepath.Join(w.dir, "nats")
	configuration := filepath.Join(w.dir, "nats.conf")
	text := fmt.Sprintf("server_name: nats\nhost: 127.0.0.1\nport: %d\nmax_payload: 512KB\njetstream {\n  store_dir: %q\n  sync_interval: always\n}\n", port, at)
	if err := os.WriteFile(configuration, []byte(text), 0o600); err != nil {
		return err
	}
	w.nats = &process{name: natsProgram, program: natsProgram, args: []string{configuration}, port: port, failed: w.endedByItself, log: filepath.Join(w.dir, "nats.log"),
		env: []string{programVariable + "=" + natsProgram, "HOME=" + w.dir, "PATH=" + os.Getenv("PATH")}}
	return w.nats.start()
}

// prepare makes the data of all services, as their migrations and samples do.
func (w *world) prepare(ctx context.Context) error {
	if err := w.database.Exec("postgres", "CREATE DATABASE "+shopName); err != nil { //nolint:contextcheck // statements on a server of our own, which end at once
		return err
	}
	for _, m := range w.members {
		if m.Schema.Name == "" {
			continue
		}
		if err := w.room(ctx, m); err != nil {
			return fmt.Errorf("preparing the data of %s: %w", m.Name, err)
		}
	}
	return nil
}

func (w *world) room(ctx context.Context, m shop.Member) error {
	role := m.Schema.Name
	err := w.database.Exec("postgres", "CREATE ROLE "+role+" LOGIN") //nolint:contextcheck // as above
	if err == nil {
		err = w.database.Allow(shopName, role) //nolint:contextcheck // as above
	}
	if err == nil {
		err = w.database.Own(shopName, role) //nolint:contextcheck // as above
	}
	if err != nil {
		return err
	}
	if m.New == nil { // its own commands do the rest, once it has an environment
		w.databaseURL[m.Name] = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", role, w.wire.at.Addr(), shopName)
		return nil
	}
	w.databaseURL[m.Name] = w.database.URL(shopName, role)
	db, err := postgres.Open(postgres.Options{URL: w.databaseURL[m.Name], Service: m.Name, Release: "acme-0"}, m.Schema)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil || m.Seed == nil {
		return err
	}
	return m.Seed(ctx, db)
}

// killDatabase kills the postmaster, whose sessions end when they see that, and brings it back.
func (w *world) killDatabase(after time.Duration) error {
	if err := syscall.Kill(w.database.PID(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing PostgreSQL: %w", err)
	}
	w.database.Kill() // waits for the last session
	time.Sleep(after)
	return w.database.Restart()
}

// staff is a token of somebody who may do something.
func (w *world) staff(scope string) string {
	token, err := w.key.Sign(jwt.MapClaims{"aud": shopName, "sub": "chaos", "kind": "staff", "scope": scope, "exp": time.Now().Add(time.Hour).Unix()})
	if err != nil { // of constants
		panic(err)
	}
	return "Bearer " + token
}

// endedByItself is what no process may do; as the kubelet would, it is started again.
func (w *world) endedByItself(p *process, why string) {
	w.journal.fault("a process ended by itself", p.name+": "+why)
	time.Sleep(time.Second)
	if err := p.revive(); err != nil {
		w.journal.fault("a process does not start", p.name+": "+err.Error())
	}
}
