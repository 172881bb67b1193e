package cms

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// desk is the service as it runs in a shop, on a PostgreSQL of its own.
type desk struct {
	*servicetest.Service
	t *testing.T
}

func serve(t *testing.T) *desk {
	t.Helper()
	d := &desk{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS()), t}
	d.AwaitReady(t)
	return d
}

// answered is an answer with what tests look at.
type answered struct {
	status                  int
	tag, at, text, cache    string
	ID                      uuid.UUID
	Slug, Lang, Title, HTML string
	Version                 int
	Languages               []string
	Token, Path, Next       string
	Items                   []struct {
		ID    uuid.UUID
		Slug  string
		Texts []entryText
	}
}

func (d *desk) ask(method, path, body string, header ...string) (a answered) {
	d.t.Helper()
	res := d.Send(d.t, method, path, body, header...)
	text, err := io.ReadAll(res.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		d.t.Fatalf("%s %s: %d %s: %v", method, path, res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text, a.cache = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text), res.Header.Get("Cache-Control")
	return a
}

// edits asks as a member of staff who may write.
func (d *desk) edits(method, path, body string, header ...string) answered {
	d.t.Helper()
	return d.ask(method, path, body, append([]string{"Authorization", accesstest.Staff(d.t, "cms:write")}, header...)...)
}

// write makes a version.
func (d *desk) write(slug, lang, title, markdown string) answered {
	d.t.Helper()
	a := d.edits("POST", root+"/versions", fmt.Sprintf(`{"slug":%q,"lang":%q,"title":%q,"markdown":%q}`, slug, lang, title, markdown), "Idempotency-Key", uuid.NewString())
	if a.status != 201 || a.at != root+"/versions/"+a.ID.String() || a.tag == "" {
		d.t.Fatalf("writing a version: %d %s", a.status, a.text)
	}
	return a
}

// shows schedules a version.
func (d *desk) shows(v answered, schedule string) answered {
	d.t.Helper()
	a := d.edits("PUT", v.at, schedule, "If-Match", v.tag)
	if a.status != 200 {
		d.t.Fatalf("scheduling: %d %s", a.status, a.text)
	}
	a.at = v.at
	return a
}

// draft is a version that is not stored.
func draft(t testing.TB, number int, lang, from, until string) Version {
	t.Helper()
	v, err := New(uuid.Must(uuid.NewV7()), Draft{"gifts", lang, fmt.Sprintf("%s %d", lang, number), "Text."}, noon)
	if err != nil {
		t.Fatal(err)
	}
	v.Number, v.Schedule = number, Schedule{at(t, from), at(t, until)}
	return v
}

// at is an hour of the day; empty is none.
func at(t testing.TB, hour string) time.Time {
	t.Helper()
	if hour == "" {
		return time.Time{}
	}
	moment, err := time.Parse("15:04", hour)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, 27, moment.Hour(), moment.Minute(), 0, 0, time.UTC)
}
