package images

import (
	"context"
	"fmt"
	"path/filepath"

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
// Debian's part is kept by itself: it takes long, and the script beside it changes more often.
func (m Maker) PostgreSQL(ctx context.Context) (string, error) {
	root, err := m.debian(ctx)
	if err != nil {
		return "", err
	}
	return m.keep("postgres-"+key(filepath.Base(root), string(postgres.Entrypoint), fmt.Sprintf("%+v", postgresConfig))+".tar", func(target string) error {
		image, err := postgresImage(root)
		if err != nil {
			return err
		}
		return oci.WriteArchive(target, Postgres, image)
	})
}

// PostgreSQLImage makes the same image, to be pushed.
func (m Maker) PostgreSQLImage(ctx context.Context) (v1.Image, error) {
	root, err := m.debian(ctx)
	if err != nil {
		return nil, err
	}
	return postgresImage(root)
}

// debian returns the path of Debian's part.
func (m Maker) debian(ctx context.Context) (string, error) {
	return m.keep("debian-"+key(debootstrap...)+".tar.gz", func(target string) error {
		m.Note("fetching Debian's PostgreSQL (a minute the first time)")
		return mmdebstrap(ctx, append(debootstrap, target)...)
	})
}

const postgresData = "/var/lib/postgresql/data"

var postgresConfig = v1.Config{
	User: fmt.Sprintf("%d:%d", postgresUser, postgresUser),
	Env: []string{
		"PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin", "PGDATA=" + postgresData + "/pgdata", "LANG=C.UTF-8",
	},
	Entrypoint:   []string{"/usr/local/bin/entrypoint.sh"},
	ExposedPorts: map[string]struct{}{"5432/tcp": {}},
	// A fast shutdown: SIGTERM would wait for every client to leave.
	StopSignal: "SIGINT",
}

func postgresImage(root string) (v1.Image, error) {
	debian, err := tarball.LayerFromFile(root, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("reading Debian's part: %w", err)
	}
	own, err := oci.Layer([]oci.File{
		{Path: "/usr/local/bin/entrypoint.sh", Content: postgres.Entrypoint, Mode: 0o755},
		{Path: "/docker-entrypoint-initdb.d", Folder: true, Mode: 0o755},
		{Path: postgresData, Folder: true, Mode: 0o700, UID: postgresUser, GID: postgresUser},
	})
	if err != nil {
		return nil, err
	}
	return oci.Image(postgresConfig, debian, own)
}
