package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archiveOf makes a tar.gz as source-controller does, and its digest.
func archiveOf(t *testing.T, entries ...tar.Header) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, h := range entries {
		text := h.PAXRecords["text"]
		h.PAXRecords = nil
		h.Size = int64(len(text))
		if err := archive.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(out.Bytes())
	return out.Bytes(), "sha256:" + hex.EncodeToString(sum[:])
}

func regular(name, text string, mode int64) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, PAXRecords: map[string]string{"text": text}}
}

func link(name, to string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to, Mode: 0o777}
}

func serving(t *testing.T, archive []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a.tar.gz":
			_, _ = w.Write(archive)
		case "/elsewhere":
			http.Redirect(w, r, "http://192.0.2.1/a.tar.gz", http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(archive)
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnArtifactIsUnpackedAsItIs(t *testing.T) {
	archive, digest := archiveOf(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, regular("Dockerfile", "FROM scratch\n", 0o600), regular("bin/run", "#!", 0o700),
		tar.Header{Name: "services/cart/", Typeflag: tar.TypeDir, Mode: 0o700}, regular("services/cart/a b", "x", 0o644), link("bin/again", "run"), link("up", "services/../bin"))
	to := t.TempDir()
	var errs bytes.Buffer
	if code := fetch(t.Context(), []string{"--url=" + serving(t, archive) + "/a.tar.gz", "--digest=" + digest, "--to=" + to, "--path=services/cart"}, &errs); code != 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	for name, want := range map[string]struct {
		text string
		mode os.FileMode
	}{"Dockerfile": {"FROM scratch\n", 0o644}, "bin/run": {"#!", 0o755}, "bin/again": {"#!", 0o755}, "up/run": {"#!", 0o755}, "services/cart/a b": {"x", 0o644}} {
		text, err := os.ReadFile(filepath.Join(to, name))
		is, stat := os.Stat(filepath.Join(to, name))
		if err != nil || stat != nil || string(text) != want.text || is.Mode().Perm() != want.mode {
			t.Errorf("%s: %q, %v, %v", name, text, err, is)
		}
	}
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) != 4 {
		t.Errorf("%v, %v: something else is in the context", entries, err)
	}
}

// TestWhatIsNotTheArtifactIsNotBuilt: 1 is told as the build's failure, 3 as that the server is away, which is tried again.
func TestWhatIsNotTheArtifactIsNotBuilt(t *testing.T) {
	good, digest := archiveOf(t, regular("Dockerfile", "FROM scratch\n", 0o644), link("linked", "folder"), regular("folder/x", "x", 0o644))
	for name, c := range map[string]struct {
		entries    []tar.Header
		url        string
		digest     string
		code       int
		says       string
		noTarGz    bool
		withinPath string
	}{
		"another content":       {url: "/a.tar.gz", digest: "sha256:" + strings.Repeat("0", 64), code: 1, says: "it is not what Flux made"},
		"no archive":            {url: "/a.tar.gz", noTarGz: true, code: 1, says: "no tar.gz"},
		"gone":                  {url: "/b.tar.gz", code: 3, says: "404"},
		"the server is ill":     {url: "/500", code: 3, says: "500"},
		"another host":          {url: "/elsewhere", code: 3, says: "another host"},
		"cut":                   {url: "/cut", code: 3, says: "before its end"},
		"a path above":          {entries: []tar.Header{regular("../../etc/passwd", "x", 0o644)}, url: "/a.tar.gz", code: 1, says: "outside of the archive"},
		"an absolute path":      {entries: []tar.Header{regular("/etc/passwd", "x", 0o644)}, url: "/a.tar.gz", code: 1, says: "outside of the archive"},
		"a link out":            {entries: []tar.Header{link("a", "../../etc")}, url: "/a.tar.gz", code: 1, says: "leads out"},
		"an absolute link":      {entries: []tar.Header{link("a", "/etc")}, url: "/a.tar.gz", code: 1, says: "leads out"},
		"a device":              {entries: []tar.Header{{Name: "null", Typeflag: tar.TypeChar, Mode: 0o666}}, url: "/a.tar.gz", code: 1, says: "neither a file"},
		"a hard link":           {entries: []tar.Header{{Name: "a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}}, url: "/a.tar.gz", code: 1, says: "neither a file"},
		"the same file twice":   {entries: []tar.Header{regular("a", "x", 0o644), regular("a", "y", 0o644)}, url: "/a.tar.gz", code: 1, says: "exists"},
		"a path that is a link": {url: "/a.tar.gz", withinPath: "linked", code: 1, says: "spec.path: linked is no folder"},
		"a path that is not":    {url: "/a.tar.gz", withinPath: "folder/y", code: 1, says: "spec.path: folder/y is no folder"},
	} {
		archive, is := good, digest
		if c.entries != nil {
			archive, is = archiveOf(t, c.entries...)
		}
		if c.noTarGz {
			archive = []byte("not this")
			sum := sha256.Sum256(archive)
			is = "sha256:" + hex.EncodeToString(sum[:])
		}
		if c.digest != "" {
			is = c.digest
		}
		log := filepath.Join(t.TempDir(), "log")
		var errs bytes.Buffer
		code := fetch(t.Context(), []string{"--url=" + serving(t, archive) + c.url, "--digest=" + is, "--to=" + t.TempDir(), "--path=" + c.withinPath, "--termination-log=" + log}, &errs)
		said, _ := os.ReadFile(log)
		if code != c.code || !strings.Contains(string(said), c.says) {
			t.Errorf("%s: code %d, want %d: %s", name, code, c.code, said)
		}
	}
	var errs bytes.Buffer
	if code := fetch(t.Context(), []string{"--url=http://127.0.0.1:1/a", "--digest=" + digest, "--to=" + t.TempDir()}, &errs); code != 3 {
		t.Errorf("nobody listens: code %d: %s", code, errs.String())
	}
	if code := fetch(t.Context(), nil, &errs); code != 2 {
		t.Errorf("called wrongly: code %d", code)
	}
}
