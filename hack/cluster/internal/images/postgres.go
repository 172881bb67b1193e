package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/emporium-shop/emporium/hack/cluster/postgres"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// postgresUser is the user and group that run the server. Debian would choose a number that depends on what else is installed.
const postgresUser = 999

// debootstrap describes Debian's part of the image. Documentation goes, and the compiler for queries, a third of the size, which a shop does not need.
var debootstrap = []string{
	"--variant=minbase", "--mode=root", "--include=postgresql-15",
	"--dpkgopt=path-exclude=/usr/share/doc/*",
	"--dpkgopt=path-exclude=/usr/share/man/*",
	"--dpkgopt=path-exclude=/usr/share/info/*",
	"--dpkgopt=path-exclude=/usr/share/locale/*",
	"--dpkgopt=path-exclude=/usr/share/i18n/*",
	"--dpkgopt=path-exclude=/usr/lib/*/libLLVM*",
	"--dpkgopt=path-exclude=/usr/lib/*/libz3*",
	"--dpkgopt=path-exclude=/usr/lib/postgresql/15/lib/bitcode/*",
	"--dpkgopt=path-exclude=/usr/lib/postgresql/15/lib/llvmjit*",
	// Before the package makes the user itself.
	fmt.Sprintf(`--essential-hook=echo "postgres:x:%d:%d:PostgreSQL:/var/lib/postgresql:/bin/sh" >> "$1/etc/passwd"`, postgresUser, postgresUser),
	fmt.Sprintf(`--essential-hook=echo "postgres:x:%d:" >> "$1/etc/group"`, postgresUser),
	// The package creates a database at once; ours is created on the volume.
	`--customize-hook=rm -rf "$1/var/lib/postgresql/15" "$1/etc/postgresql/15" "$1/var/log/postgresql"`,
	"bookworm",
}

// PostgreSQL makes the database image. It returns the path of its tarball.
func (m Maker) PostgreSQL(ctx context.Context) (string, error) {
	return m.keep("postgres-"+postgresKey(), Postgres, func() (v1.Image, error) {
		m.Note("making the PostgreSQL image from Debian's packages (a minute the first time)")
		work, err := os.MkdirTemp(filepath.Join(m.Cache, "images"), "making-")
		if err != nil {
			return nil, err
		}
		// The layer is read once more when the tarball is written, so it is taken into memory before its file goes.
		defer os.RemoveAll(work)
		base, err := debianLayer(ctx, filepath.Join(work, "root.tar"))
		if err != nil {
			return nil, err
		}
		return postgresImage(base)
	})
}

func postgresKey() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "2 %s %q %s", runtime.GOARCH, debootstrap, postgres.Entrypoint))
	return hex.EncodeToString(sum[:])[:16]
}

func debianLayer(ctx context.Context, target string) (v1.Layer, error) {
	cmd := exec.CommandContext(ctx, "mmdebstrap", append(debootstrap, target)...)
	// It calls tools of the administrator, which are not on everyone's path.
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("running mmdebstrap: %w\n%s", err, output)
	}
	// Caching keeps the compressed layer in memory.
	return tarball.LayerFromFile(target, tarball.WithCompressionLevel(1), tarball.WithCompressedCaching, tarball.WithMediaType(types.OCILayer))
}

func postgresImage(base v1.Layer) (v1.Image, error) {
	const data = "/var/lib/postgresql/data"
	own, err := oci.Layer([]oci.File{
		{Path: "/usr/local/bin/entrypoint.sh", Content: postgres.Entrypoint, Mode: 0o755},
		{Path: "/docker-entrypoint-initdb.d", Folder: true, Mode: 0o755},
		{Path: data, Folder: true, Mode: 0o700, UID: postgresUser, GID: postgresUser},
	})
	if err != nil {
		return nil, err
	}
	return oci.Image(v1.Config{
		User:         fmt.Sprintf("%d:%d", postgresUser, postgresUser),
		Env:          []string{"PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin", "PGDATA=" + data + "/pgdata", "LANG=C.UTF-8"},
		Entrypoint:   []string{"/usr/local/bin/entrypoint.sh"},
		ExposedPorts: map[string]struct{}{"5432/tcp": {}},
		StopSignal:   "SIGINT",
	}, base, own)
}
