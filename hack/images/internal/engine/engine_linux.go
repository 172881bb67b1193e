package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/emporium-shop/emporium/hack/cluster/parts"
)

// cacheName is the folder of the cache that holds BuildKit's state. One daemon at a time may use it.
const cacheName = "buildkit"

// Engine is a running BuildKit.
type Engine struct {
	Options
	store   parts.Store
	bin     string
	golang  string // the version of this machine's Go: 1.26.8
	folder  string // of the socket, the secrets and the results, until Close
	state   string // of the daemon
	daemon  *daemon
	making  sync.Mutex // base images
	modules modules
	release func()
}

// Able says why the engine cannot run on this machine, or nil.
func Able() error {
	if os.Geteuid() != 0 {
		return Unable{"mounts file systems and starts containers, so run this as root"}
	}
	return nil
}

// Start starts BuildKit. The first time it is built from its module.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if err := Able(); err != nil {
		return nil, err
	}
	store, err := parts.Of(o.Checkout, o.Note)
	if err != nil {
		return nil, err
	}
	if err := store.Install(ctx, "runc", "mmdebstrap"); err != nil {
		return nil, err
	}
	bin, err := store.BuildKit(ctx)
	if err != nil {
		return nil, err
	}
	golang, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("asking Go for its version: %w", err)
	}
	e := &Engine{Options: o, store: store, bin: bin, golang: strings.TrimPrefix(strings.TrimSpace(string(golang)), "go")}
	if err := e.start(ctx); err != nil {
		e.Close()
		return nil, fmt.Errorf("starting BuildKit: %w", err)
	}
	return e, nil
}

func (e *Engine) start(ctx context.Context) (err error) {
	if e.folder, err = os.MkdirTemp("", "buildkit-"); err != nil {
		return err
	}
	if err := os.MkdirAll(e.Logs, 0o755); err != nil {
		return err
	}
	if e.release, err = e.store.Lock(cacheName); err != nil {
		return err
	}
	e.state = e.store.Folder(cacheName)
	if e.Empty {
		if e.state, err = os.MkdirTemp(filepath.Dir(e.state), cacheName+"-empty-"); err != nil {
			return err
		}
	}
	e.daemon, err = startDaemon(ctx, filepath.Join(e.bin, "buildkitd"), e.state, e.folder, filepath.Join(e.Logs, "buildkitd.log"))
	return err
}

// Close ends BuildKit. Images that it built can no longer be read.
func (e *Engine) Close() {
	if e.daemon != nil {
		e.daemon.stop()
	}
	if e.Empty && e.state != "" {
		_ = os.RemoveAll(e.state)
	}
	e.modules.close()
	if e.release != nil {
		e.release()
	}
	if e.folder != "" {
		_ = os.RemoveAll(e.folder)
	}
}

// Image builds a Dockerfile. The image is read from the engine's folder, so it must be used before Close.
func (e *Engine) Image(ctx context.Context, job Job, shown io.Writer) (v1.Image, error) {
	destination, err := os.MkdirTemp(e.folder, "result-")
	if err != nil {
		return nil, fmt.Errorf("making room for the result: %w", err)
	}
	if err := e.build(ctx, job, destination, shown); err != nil {
		return nil, err
	}
	return single(destination)
}

// Run builds a stage for what it does, its tests for example, and keeps no image.
func (e *Engine) Run(ctx context.Context, job Job, shown io.Writer) error {
	return e.build(ctx, job, "", shown)
}

func (e *Engine) build(ctx context.Context, job Job, destination string, shown io.Writer) error {
	bases, err := e.bases(ctx, job)
	if err != nil {
		return err
	}
	secrets, err := e.secrets()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(e.Logs, "image-"+job.Name+".log"))
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(e.bin, "buildctl"), append([]string{"--addr", e.daemon.address()}, job.arguments(bases, secrets, destination)...)...)
	// One writer for both, so that lines are not mixed.
	all := io.MultiWriter(&output, log, newProgress(job.Name, shown))
	cmd.Stdout, cmd.Stderr = all, all
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s: %w; the end of %s:\n%s", job.Dockerfile, err, log.Name(), failure(output.Bytes()))
	}
	return nil
}

func (e *Engine) secrets() (map[string]string, error) {
	path := filepath.Join(e.folder, "npmrc")
	if err := os.WriteFile(path, machineNpmrc(), 0o600); err != nil {
		return nil, fmt.Errorf("writing the settings for npm: %w", err)
	}
	return map[string]string{"npmrc": path}, nil
}

// single is the one image of a layout.
func single(folder string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return nil, fmt.Errorf("reading the result: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("reading the result: %w", err)
	}
	if count := len(manifest.Manifests); count != 1 {
		return nil, fmt.Errorf("reading the result: %d images instead of one", count)
	}
	return index.Image(manifest.Manifests[0].Digest)
}
