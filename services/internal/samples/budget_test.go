package samples

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	// stacks of a shop that are connected at the same time, during a release and while the way back is open.
	stacks = 2
	// defaultPool is DB_POOL_MAX where a manifest does not set it (package postgres).
	defaultPool = 4
	// perWorker is what a worker holds beside its pool: a connection for its outbox, for its inbox, for another lock.
	perWorker = 3
	// perMigration is what a Job holds: a connection for the lock, one for the work.
	perMigration = 2
	// spare is for people, the roles and monitoring; PostgreSQL itself keeps 3 of it for superusers.
	spare = 10
)

// service is what a manifest says of a service's connections.
type service struct {
	Metadata struct{ Name string }
	Spec     struct {
		Args        []string
		Replicas    int
		Autoscaling struct{ MaxReplicas int }
		Migration   *struct{ Args []string }
		Env         []struct{ Name, Value string }
		EnvFrom     []struct{ SecretRef struct{ Name string } }
		Pod         any
	}
}

func (s service) ownsData() bool {
	for _, from := range s.Spec.EnvFrom {
		if strings.HasSuffix(from.SecretRef.Name, "-db") {
			return true
		}
	}
	return false
}

// connections are all that a service may hold in both stacks, while it migrates.
func (s service) connections(t *testing.T) int {
	t.Helper()
	pool := defaultPool
	for _, env := range s.Spec.Env {
		if env.Name == "DB_POOL_MAX" {
			n, err := strconv.Atoi(env.Value)
			if err != nil || n < 2 {
				t.Errorf("%s: DB_POOL_MAX is %q", s.Metadata.Name, env.Value)
			}
			pool = n
		}
	}
	if slices.Contains(s.Spec.Args, "work") {
		pool += perWorker
	}
	sum := max(s.Spec.Replicas, s.Spec.Autoscaling.MaxReplicas, 1) * stacks * pool
	if s.Spec.Migration != nil {
		sum += perMigration
	}
	return sum
}

// documents reads all that the samples hold, of a kind.
func documents[T any](t *testing.T, kind string) (all []T) {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	var files []string
	for _, pattern := range []string{"config/samples/*.yaml", "services/*/shop/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
			var head struct{ Kind string }
			if err := yaml.Unmarshal(doc, &head); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if head.Kind != kind {
				continue
			}
			var one T
			if err := yaml.Unmarshal(doc, &one); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, one)
		}
	}
	return all
}

// maxConnections is what the database's manifest allows.
func maxConnections(t *testing.T) int {
	t.Helper()
	return setting(t, "max_connections")
}

// setting is a number that the database's manifest sets.
func setting(t *testing.T, name string) int {
	t.Helper()
	type workload struct {
		Spec struct {
			Template struct {
				Spec struct{ Containers []struct{ Args []string } }
			}
		}
	}
	var args []string // of PostgreSQL, and of others that have no such setting
	for _, set := range documents[workload](t, "StatefulSet") {
		args = append(args, set.Spec.Template.Spec.Containers[0].Args...)
	}
	found := regexp.MustCompile(name + `=(\d+)`).FindStringSubmatch(strings.Join(args, " "))
	if found == nil {
		t.Fatalf("the samples' PostgreSQL does not say its %s", name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Rule F4: nobody is refused a connection, whatever is released at once.
func TestTheDatabaseHasConnectionsForBothStacks(t *testing.T) {
	sum, owners := spare, 0
	for _, s := range documents[service](t, "ShopService") {
		if s.ownsData() {
			sum += s.connections(t)
			owners++
		}
	}
	if most := maxConnections(t); owners < 2 || sum > most {
		t.Errorf("%d services may hold %d connections, PostgreSQL takes %d", owners, sum, most)
	}
}

// Room for locks is shared by all sessions: 64 for each of 100 is what PostgreSQL comes with.
func TestTheDatabaseHasRoomForLocks(t *testing.T) {
	for _, name := range []string{"max_locks_per_transaction", "max_pred_locks_per_transaction"} {
		if room := setting(t, name) * maxConnections(t); room < 64*100 {
			t.Errorf("%s leaves room for %d locks, want 6400", name, room)
		}
	}
}

// The shop of the design: 25 services, 23 of which own data; five take orders all the time, three follow the load up to six
// pods, and fifteen have a worker beside them.
func TestTheDatabaseHasConnectionsFor25Services(t *testing.T) {
	const (
		hot, hotPool, few         = 5, 8, 3
		scaled, mostScaled        = 3, 6
		others, replicas, workers = 15, 2, 15
	)
	sum := spare + (hot+scaled+others)*perMigration +
		stacks*(hot*replicas*hotPool+scaled*mostScaled*few+others*replicas*few+workers*few)
	if most := maxConnections(t); sum > most {
		t.Errorf("25 services may hold %d connections, PostgreSQL takes %d", sum, most)
	}
}

func TestEveryServiceWithDataMigratesByAJob(t *testing.T) {
	for _, s := range documents[service](t, "ShopService") {
		if s.ownsData() && !strings.HasSuffix(s.Metadata.Name, "-worker") && (s.Spec.Migration == nil || strings.Join(s.Spec.Migration.Args, " ") != "migrate") {
			t.Errorf("%s has no migration: its pods only look whether the schema fits", s.Metadata.Name)
		}
	}
}

// Each Secret that a service takes its database from is one that roles are made from.
func TestEveryServiceWithDataGetsItsRole(t *testing.T) {
	type workload struct {
		Metadata struct{ Name string }
		Spec     struct {
			Template struct {
				Spec struct {
					Volumes []struct {
						Projected struct {
							Sources []struct{ Secret struct{ Name string } }
						}
					}
				}
			}
		}
	}
	given := map[string]bool{}
	for _, d := range documents[workload](t, "Deployment") {
		for _, v := range d.Spec.Template.Spec.Volumes {
			for _, s := range v.Projected.Sources {
				given[s.Secret.Name] = true
			}
		}
	}
	for _, s := range documents[service](t, "ShopService") {
		if want := s.Metadata.Name + "-db"; s.ownsData() && !strings.HasSuffix(s.Metadata.Name, "-worker") && !given[want] {
			t.Errorf("postgres-roles does not get the Secret %s", want)
		}
	}
}
