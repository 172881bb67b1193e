package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

type fileInput struct {
	Idempotent
	RawBody []byte
}

type fileOutput struct {
	Body struct {
		Size int  `json:"size"`
		Same bool `json:"same"`
	}
}

func files(t *testing.T) *API {
	t.Helper()
	a := NewAPI("Files", "Takes pictures.")
	Post(a, "/files", access.Public, func(ctx context.Context, in *fileInput) (*fileOutput, error) {
		out := &fileOutput{}
		out.Body.Size, out.Body.Same = len(in.RawBody), bytes.Equal(in.Sent(ctx), in.RawBody)
		return out, nil
	}, ID("sendFile"), Bytes("image/png", "image/gif"), With(Limits{Body: 16}), Status(http.StatusCreated))
	return a
}

func TestAFileIsTakenAsItIs(t *testing.T) {
	keys, err := access.KeysFrom(t.Context(), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(files(t), Options{
		Identity: Identity{Service: "files", Shop: "acme", Release: "acme-1"}, Metrics: telemetry.NewMetrics("7"),
		Verifier: access.NewVerifier(keys, "acme", time.Now),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Server: s}
	key := []string{"Idempotency-Key", "8e03978e-40d5-43e8-bc93-6894a57f9324"}
	for name, c := range map[string]struct {
		body   string
		status int
		header []string
	}{
		"bytes that are no text": {"\xff\x00\xfe", 201, append(key, "Content-Type", "image/gif")},
		"exactly the bound":      {strings.Repeat("\xff", 16), 201, append(key, "Content-Type", "image/png")},
		"a byte more":            {strings.Repeat("\xff", 17), 413, append(key, "Content-Type", "image/png")},
		"JSON":                   {"{}", 415, append(key, "Content-Type", "application/json")},
		"no type":                {"x", 415, append(key, "Content-Type", "")},
		"no key":                 {"x", 400, []string{"Content-Type", "image/png"}},
	} {
		a := w.send("POST", "/files", c.body, c.header...)
		if a.Code != c.status {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
		if c.status == 415 && a.Header().Get("Accept-Post") != "image/gif, image/png" {
			t.Errorf("%s: Accept-Post %q", name, a.Header().Get("Accept-Post"))
		}
		var got struct {
			Size int
			Same bool
		}
		if c.status == 201 && (json.Unmarshal(a.Body.Bytes(), &got) != nil || got.Size != len(c.body) || !got.Same) {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
}

func TestAFileIsDescribedByItsTypes(t *testing.T) {
	text, err := files(t).Description()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool
				Content  map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	body := doc.Paths["/files"]["post"].RequestBody
	if !body.Required || len(body.Content) != 2 || body.Content["image/png"] == nil || body.Content["image/gif"] == nil {
		t.Errorf("%+v", body)
	}
}
