package pgtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"sync"

	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// made holds what is made once for a name: roles, templates.
type made struct{ all sync.Map }

func (m *made) once(name string, do func() error) error {
	once, _ := m.all.LoadOrStore(name, sync.OnceValue(do))
	return once.(func() error)() //nolint:forcetypeassert // nothing else is stored there
}

var roles, templates made

// migrated makes the template of a schema and returns its name.
func migrated(s postgres.Schema) (string, error) {
	key, err := content(s)
	if err != nil {
		return "", err
	}
	name := "template_" + key + own
	return name, templates.once(name, func() error {
		if err := ours.make(name, empty); err != nil {
			return err
		}
		if err := allow(name, s.Name); err != nil {
			return err
		}
		if err := started.Load().Own(name, s.Name); err != nil {
			return err
		}
		db, err := postgres.Open(postgres.Options{URL: started.Load().URL(name, s.Name)}, s)
		if err != nil {
			return err
		}
		defer db.Close() // a template with a session is not copied
		return db.Migrate(context.Background())
	})
}

// content names a schema by all that makes it.
func content(s postgres.Schema) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, s.Name, s.Floor, s.Parts)
	err := fs.WalkDir(s.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(s.Files, name)
		fmt.Fprintln(sum, name, string(text))
		return err
	})
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), err
}

// allow makes the role, if there is none, and lets it and nobody else connect.
func allow(database, role string) error {
	err := roles.once(role, func() error { return started.Load().Role(role) })
	if err != nil {
		return err
	}
	return started.Load().Allow(database, role)
}
