package cms

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service as it runs in a shop, on a PostgreSQL of its own.
type shop struct {
	*servicetest.Service
	t *testing.T
}

func serve(t *testing.T) *shop {
	t.Helper()
	return &shop{servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS()), t}
}

// answered is an answer with what tests look at.
type answered struct {
	status         int
	tag, at, text  string
	ID, Name, Next string
	Items          []struct{ ID, Name string }
}

// send asks as a member of staff who may write; header is pairs of name and value and may say otherwise.
func (s *shop) send(method, path, body string, header ...string) (a answered) {
	s.t.Helper()
	header = append([]string{"Authorization", accesstest.Staff(s.t, "cms:write")}, header...)
	return s.read(s.Send(s.t, method, path, body, header...))
}

func (s *shop) read(res *http.Response) (a answered) {
	s.t.Helper()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		s.t.Fatalf("%d %s: %v", res.StatusCode, text, err)
	}
	a.status, a.tag, a.at, a.text = res.StatusCode, res.Header.Get("ETag"), res.Header.Get("Location"), string(text)
	return a
}

// begin makes an item.
func (s *shop) begin(name string) answered {
	s.t.Helper()
	a := s.send("POST", root, `{"name":"`+name+`"}`, "Idempotency-Key", uuid.NewString())
	if a.status != 201 || a.Name != name || a.at != root+"/"+a.ID || a.tag == "" {
		s.t.Fatalf("making an item: %+v", a)
	}
	return a
}

// kept is a new item in a store.
func kept(t testing.TB, s *store) Item {
	t.Helper()
	i, err := New(uuid.Must(uuid.NewV7()), "Lamp")
	if err == nil {
		_, err = s.db.Exec(context.Background(), `INSERT INTO cms.items (id, name) VALUES ($1, $2)`, i.ID, i.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}
