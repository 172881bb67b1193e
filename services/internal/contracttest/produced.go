package contracttest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// Produced fails the test unless the service whose database this is put an event of the type about subject into its outbox, and each such
// event is what the contract says: by its schemas, from this service, about the thing that its data names, and with no member that the
// contract's example lacks, since consumers are tried with that.
func Produced(t testing.TB, db *postgres.DB, of events.Type, subject string) {
	t.Helper()
	schema := db.Schema().Name
	rows, err := db.Query(context.Background(), `SELECT event FROM `+schema+`.outbox WHERE event->>'type' = $1 AND event->>'subject' = $2 ORDER BY seq`, string(of), subject)
	var all [][]byte
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
	}
	if err != nil {
		t.Errorf("reading the outbox of %s: %v", schema, err)
		return
	}
	if len(all) == 0 {
		t.Errorf("%s tells no %s about %s", schema, of, subject)
	}
	for _, text := range all {
		if err := promised(schema, of, text); err != nil {
			t.Errorf("%s that %s tells: %v\n%s", of, schema, err, text)
		}
	}
}

// promised tells whether an event of a service is one that the contract promises.
func promised(service string, of events.Type, text []byte) error {
	if err := fits(of, text); err != nil {
		return err
	}
	shown, err := example(of, nil)
	if err != nil {
		return err
	}
	var e, like struct {
		Source, Subject string
		Type            events.Type
		Data            map[string]any
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("reading it: %w", err)
	}
	if err := json.Unmarshal(shown, &like); err != nil {
		return fmt.Errorf("reading the example: %w", err)
	}
	about := named(like.Data, like.Subject)
	switch {
	case e.Type != of || e.Source != service:
		return fmt.Errorf("it is a %s of %s", e.Type, e.Source)
	case len(about) != 1:
		return fmt.Errorf("of the example's members %v name its subject: one must", about)
	case e.Data[about[0]] != e.Subject:
		return fmt.Errorf("its subject is %s, and its %s is %v", e.Subject, about[0], e.Data[about[0]])
	}
	known := members("", like.Data)
	for _, member := range slices.Sorted(maps.Keys(members("", e.Data))) {
		if !known[member] {
			return fmt.Errorf("it has %s, which the contract's example has not", member)
		}
	}
	return nil
}

// named are the members whose value is a text.
func named(data map[string]any, text string) (names []string) {
	for name, value := range data {
		if value == text {
			names = append(names, name)
		}
	}
	return names
}

// members are the names of all members, those of things in lists once.
func members(at string, value any) map[string]bool {
	all := map[string]bool{}
	switch v := value.(type) {
	case map[string]any:
		for name, inside := range v {
			all[at+"."+name] = true
			maps.Copy(all, members(at+"."+name, inside))
		}
	case []any:
		for _, inside := range v {
			maps.Copy(all, members(at+"[]", inside))
		}
	}
	return all
}
