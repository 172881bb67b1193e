package pgtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

var (
	// own ends the names of this process's databases: on a server of others it is not alone.
	own      = "_" + strings.ToLower(rand.Text()[:10])
	numbered atomic.Int64
	ours     databases
)

// databases are those that this process made.
type databases struct {
	mu    sync.Mutex
	names []string
}

// make makes one. A server of others may sort as people do in some country; ours sorts as the shop's.
func (d *databases) make(name, template string) error {
	if err := server(); err != nil {
		return err
	}
	s := started.Load()
	locale := ""
	if s.Outside() && template == empty {
		template, locale = "template0", " ENCODING 'UTF8' LOCALE 'C.UTF-8'"
	}
	if err := s.Exec("postgres", "CREATE DATABASE "+name+" TEMPLATE "+template+locale); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names = append(d.names, name)
	return nil
}

// remove leaves nothing of the tests: our server ends with all that is in it, and one of others loses our databases. Roles stay
// there, which others may use.
func (d *databases) remove() error {
	s := started.Load()
	if s == nil {
		return nil
	}
	defer s.Stop()
	if !s.Outside() {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, name := range d.names {
		errs = append(errs, s.Exec("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
	}
	return errors.Join(errs...)
}

// empty is the template of a database without anything in it.
const empty = "template1"

// create makes a database for a test.
func create(template string) (string, error) {
	name := fmt.Sprintf("test_%d%s", numbered.Add(1), own)
	return name, ours.make(name, template)
}
