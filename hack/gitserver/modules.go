package gitserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/module"
)

// Modules is a GOPROXY that answers from Go's module cache. What the cache lacks is fetched into it first, from where this user's
// modules come.
type Modules struct {
	// Folder is GOMODCACHE/cache/download.
	Folder string
	// Fetch brings a version of a module into the cache.
	Fetch func(ctx context.Context, module, version string) error

	fetching sync.Mutex
}

// HostModules answers from the module cache of this user.
func HostModules(ctx context.Context) (*Modules, error) {
	text, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("asking Go for its module cache: %w", err)
	}
	return &Modules{Folder: filepath.Join(strings.TrimSpace(string(text)), "cache", "download"), Fetch: download}, nil
}

// download asks in an empty folder: no go.mod around has a say.
func download(ctx context.Context, path, version string) error {
	folder, err := os.MkdirTemp("", "module-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", path+"@"+version)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	var told struct{ Error string }
	if err != nil && json.Unmarshal(out, &told) == nil && told.Error != "" {
		return errors.New(told.Error)
	}
	return err
}

// ServeHTTP answers for MODULE/@v/VERSION.info, .mod and .zip. Lists of versions are not known here: a go.mod names what it needs.
func (m *Modules) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, version, file, err := asked(r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	file = filepath.Join(m.Folder, filepath.FromSlash(file))
	if err := m.have(r.Context(), file, name, version); err != nil {
		http.Error(w, fmt.Sprintf("fetching %s@%s: %v", name, version, err), http.StatusNotFound)
		return
	}
	http.ServeFile(w, r, file)
}

// have fetches one module at a time: the go command locks its cache anyway.
func (m *Modules) have(ctx context.Context, file, name, version string) error {
	m.fetching.Lock()
	defer m.fetching.Unlock()
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return m.Fetch(ctx, name, version)
}

// asked reads the path of a request. Escaping turns capital letters into !letter, and what is no module's path is refused.
func asked(urlPath string) (name, version, file string, err error) {
	escaped, rest, found := strings.Cut(strings.TrimPrefix(urlPath, "/"), "/@v/")
	extension := path.Ext(rest)
	if !found || (extension != ".info" && extension != ".mod" && extension != ".zip") {
		return "", "", "", fmt.Errorf("%q is not MODULE/@v/VERSION.info, .mod or .zip", urlPath)
	}
	if name, err = module.UnescapePath(escaped); err != nil {
		return "", "", "", err
	}
	if version, err = module.UnescapeVersion(strings.TrimSuffix(rest, extension)); err != nil {
		return "", "", "", err
	}
	return name, version, escaped + "/@v/" + rest, nil
}
