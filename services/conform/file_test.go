package conform

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// settingsOf is a conform.json beside two files.
func settingsOf(t *testing.T, create string) (*Settings, error) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"conform.json": `{"create":` + create + `}`, "one.png": "\x89PNG{key}", "other.png": "\x89PNG, another"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(filepath.Join(folder, "conform.json"))
}

func TestAFileIsSentAsItIsUnderItsType(t *testing.T) {
	s, err := settingsOf(t, `{"post":"/api/media","file":"one.png","otherFile":"other.png","type":"image/png"}`)
	if err != nil {
		t.Fatal(err)
	}
	r := &call{header: http.Header{"Idempotency-Key": {`"k-1"`}}}
	s.Create.sends(s.Create.Body)(r)
	r.keyed()
	if string(r.body) != "\x89PNGk-1" || r.header.Get("Content-Type") != "image/png" || string(s.Create.Other) != "\x89PNG, another" {
		t.Errorf("%q as %s", r.body, r.header.Get("Content-Type"))
	}
	if bad := string(s.Create.spoiled()); bad == string(s.Create.Body) || !strings.HasPrefix(string(s.Create.Body), bad) {
		t.Errorf("made wrong it is %q", bad)
	}
}

func TestABodyOfJSONIsSentAsJSON(t *testing.T) {
	s, err := settingsOf(t, `{"post":"/api/x","body":{"a":1}}`)
	if err != nil {
		t.Fatal(err)
	}
	r := &call{header: http.Header{}}
	s.Create.sends(s.Create.Body)(r)
	if string(r.body) != `{"a":1}` || r.header.Get("Content-Type") != "application/json" || s.Create.isFile() || members(s.Create.spoiled())["a"] == 1.0 {
		t.Errorf("%q as %s, made wrong %s", r.body, r.header.Get("Content-Type"), s.Create.spoiled())
	}
}

func TestAFileThatCannotBeSentIsToldAtOnce(t *testing.T) {
	for name, create := range map[string]string{
		"no type":              `{"post":"/x","file":"one.png"}`,
		"a file and a body":    `{"post":"/x","file":"one.png","type":"image/png","body":{}}`,
		"a file that is none":  `{"post":"/x","file":"none.png","type":"image/png"}`,
		"another that is none": `{"post":"/x","file":"one.png","otherFile":"none.png","type":"image/png"}`,
	} {
		if _, err := settingsOf(t, create); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
