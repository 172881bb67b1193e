package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/singleflight"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

// maker is a replica's variants, and how many it made.
type maker struct {
	*variants
	count *atomic.Int64
}

func newMaker(db *postgres.DB) maker {
	count := new(atomic.Int64)
	return maker{&variants{store: &store{db}, cache: newCache(1 << 20), queue: newQueue(2, 100, decoding, nil), made: func(Format) { count.Add(1) }}, count}
}

// original keeps a picture that was uploaded.
func (v maker) original(t testing.TB, content []byte) Hash {
	t.Helper()
	h, err := inspect(content)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.measure(content)
	if err == nil {
		err = postgres.InTx(context.Background(), v.store.db, func(tx pgx.Tx) error {
			_, err := insert(context.Background(), tx, o, content)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.Hash
}

// rows counts the variants that are kept, and the events that tell of them.
func (v maker) rows(t testing.TB) (variants, told int) {
	t.Helper()
	err := v.store.db.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM media.variants), (SELECT count(*) FROM media.outbox)`).Scan(&variants, &told)
	if err != nil {
		t.Fatal(err)
	}
	return variants, told
}

// many asks for addresses at once, each so often, and returns the different answers.
func many(t testing.TB, n int, replicas []maker, addresses ...Address) (answers [][]byte) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		for _, a := range addresses {
			all.Go(func() {
				<-begin
				p, err := replicas[i%len(replicas)].get(context.Background(), a)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("%s: %v", a, err)
				} else if !slices.ContainsFunc(answers, func(b []byte) bool { return bytes.Equal(b, p.content) }) {
					answers = append(answers, p.content)
				}
			})
		}
	}
	close(begin)
	all.Wait()
	return answers
}

func TestManyWhoAskAtOnceLetOneVariantBeMade(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(800, 600), "image/png"))
	answers := many(t, 40, []maker{v}, Address{h, 320, PNG})
	kept, told := v.rows(t)
	if len(answers) != 1 || v.count.Load() != 1 || kept != 1 || told != 1 {
		t.Errorf("%d answers, %d made, %d kept, %d told", len(answers), v.count.Load(), kept, told)
	}
}

// The original is 800 wide, so these are one picture under three addresses.
func TestAddressesOfOnePictureLetItBeMadeOnce(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(800, 600), "image/png"))
	answers := many(t, 10, []maker{v}, Address{h, 960, PNG}, Address{h, 1280, PNG}, Address{h, 1920, PNG})
	kept, told := v.rows(t)
	if len(answers) != 1 || v.count.Load() != 1 || kept != 1 || told != 1 {
		t.Errorf("%d answers, %d made, %d kept, %d told", len(answers), v.count.Load(), kept, told)
	}
}

// Replicas know nothing of each other: each makes it once at most, and all answer what was kept first.
func TestAllReplicasAnswerTheSame(t *testing.T) {
	db := pgtest.Open(t, schema())
	replicas := []maker{newMaker(db), newMaker(db), newMaker(db)}
	h := replicas[0].original(t, file(t, photograph(400, 300), "image/jpeg"))
	answers := many(t, 12, replicas, Address{h, 320, JPEG})
	kept, told := replicas[0].rows(t)
	if len(answers) != 1 || kept != 1 || told != 1 {
		t.Errorf("%d answers, %d kept, %d told", len(answers), kept, told)
	}
	for n, r := range replicas {
		if r.count.Load() > 1 {
			t.Errorf("replica %d made %d", n, r.count.Load())
		}
	}
}

// What an address answers never changes: a release that would make it otherwise answers what its predecessor made.
func TestWhatWasMadeOnceIsAnsweredForEver(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(400, 300), "image/png"))
	old := Variant{Size{320, 240}, PNG, []byte("as it was made then")}
	if _, err := v.store.keep(t.Context(), h, old); err != nil {
		t.Fatal(err)
	}
	content, err := v.store.keep(t.Context(), h, Variant{Size{320, 240}, PNG, []byte("as it is made now")})
	if err != nil || !bytes.Equal(content, old.Content) {
		t.Errorf("kept %q (%v)", content, err)
	}
	p, err := v.get(t.Context(), Address{h, 320, PNG})
	if err != nil || !bytes.Equal(p.content, old.Content) || v.count.Load() != 0 {
		t.Errorf("%+v (%v), %d made", p, err, v.count.Load())
	}
	if _, told := v.rows(t); told != 1 {
		t.Errorf("told %d times", told)
	}
}

// Whoever gives up must not end the work for the others. In synctest's time, both wait before one leaves.
func TestWhoLeavesEndsNoWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group
		var begun atomic.Int64
		end := make(chan struct{})
		work := func(ctx context.Context) (*picture, error) {
			begun.Add(1)
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-end:
				return &picture{tag: "done"}, nil
			}
		}
		impatient, leave := context.WithCancel(t.Context())
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := once(impatient, &g, "x", work); first <- err }()
		synctest.Wait()
		go func() {
			p, err := once(t.Context(), &g, "x", work)
			if err == nil && p.tag != "done" {
				err = errors.New("it got something else")
			}
			second <- err
		}()
		synctest.Wait()
		leave()
		synctest.Wait()
		close(end)
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		if err := <-second; err != nil || begun.Load() != 1 {
			t.Errorf("who stayed: %v, after %d beginnings", err, begun.Load())
		}
	})
}

// Work that nobody can end ends by itself: a queue that stands still holds nobody for ever.
func TestWorkEndsWhenItTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g singleflight.Group
		began := time.Now()
		_, err := once(t.Context(), &g, "x", func(ctx context.Context) (*picture, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != patience {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// Where too much is being made, what is there is answered, and what is not says when to come again.
func TestWhatIsMadeIsAnsweredWhileTooMuchIsBeingMade(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	v.queue = newQueue(1, 0, decoding, nil)
	h := v.original(t, file(t, quarters(400, 300), "image/png"))
	if _, err := v.get(t.Context(), Address{h, 320, PNG}); err != nil {
		t.Fatal(err)
	}
	busy, end := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_ = v.queue.do(context.Background(), 1, func() error { close(busy); <-end; return nil })
	})
	<-busy
	v.cache = newCache(0) // it is read from PostgreSQL
	if _, err := v.get(t.Context(), Address{h, 320, PNG}); err != nil {
		t.Errorf("what is there: %v", err)
	}
	if _, err := v.get(t.Context(), Address{h, 160, PNG}); !fault.Is(err, fault.UnavailableKind) {
		t.Errorf("what is not there: %v", err)
	}
	close(end)
	done.Wait()
	if _, err := v.get(t.Context(), Address{h, 160, PNG}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// From memory: nobody asks PostgreSQL, whatever happened to it.
func TestWhatIsRememberedNeedsNoDatabase(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(400, 300), "image/png"))
	first, err := v.get(t.Context(), Address{h, 320, PNG})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.store.db.Exec(t.Context(), `DELETE FROM media.blobs`); err != nil {
		t.Fatal(err)
	}
	again, err := v.get(t.Context(), Address{h, 320, PNG})
	if err != nil || again != first {
		t.Errorf("%v", err)
	}
	if _, err := v.get(t.Context(), Address{h, 640, PNG}); !fault.Is(err, fault.NotFoundKind) {
		t.Errorf("what is not remembered: %v", err)
	}
}

// A panic would end the process, and with it everybody's requests.
func TestAPanicIsAnErrorOfWhoAsked(t *testing.T) {
	v := newMaker(pgtest.Open(t, schema()))
	h := v.original(t, file(t, quarters(400, 300), "image/png"))
	v.made = func(Format) { panic("jane@example.org") }
	_, err := v.get(t.Context(), Address{h, 320, PNG})
	if !errors.Is(err, errPanic) || bytes.Contains([]byte(fmt.Sprint(err)), []byte("jane")) {
		t.Errorf("%v", err)
	}
}
