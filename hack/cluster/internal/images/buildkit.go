package images

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// Images that builds in the cluster need. The cluster itself does without them.
const (
	// BuildKit is what moby/buildkit:v0.34.2-rootless is elsewhere: buildkitd for a pod without special rights, and buildctl.
	BuildKit = "emporium.local/buildkit:v0.34.2-rootless"
	// Registry is distribution, what registry:3 is elsewhere.
	Registry = "emporium.local/registry:3"
)

// engineUser runs BuildKit, and has the users of its containers below him.
const engineUser = 1000

// buildkitRoot describes Debian's part of BuildKit's image.
var buildkitRoot = append(append([]string{}, slim...),
	// Without git it knows no repositories: "unknown scheme git".
	"--include=runc,uidmap,libcap2-bin,ca-certificates,git,openssh-client",
	// With the set-user-id bit they fail in a pod ("write to uid_map failed: Operation not permitted"); with file capabilities they work.
	`--customize-hook=chmod u-s "$1/usr/bin/newuidmap" "$1/usr/bin/newgidmap"`,
	`--customize-hook=chroot "$1" setcap cap_setuid=ep /usr/bin/newuidmap`,
	`--customize-hook=chroot "$1" setcap cap_setgid=ep /usr/bin/newgidmap`,
	fmt.Sprintf(`--customize-hook=echo "user:x:%d:%d::/home/user:/bin/sh" >> "$1/etc/passwd"`, engineUser, engineUser),
	fmt.Sprintf(`--customize-hook=echo "user:x:%d:" >> "$1/etc/group"`, engineUser),
	`--customize-hook=echo user:100000:65536 | tee "$1/etc/subuid" > "$1/etc/subgid"`,
	"bookworm",
)

var buildkitConfig = v1.Config{
	User: fmt.Sprintf("%d:%d", engineUser, engineUser),
	Env: []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/home/user", "USER=user", fmt.Sprintf("XDG_RUNTIME_DIR=/run/user/%d", engineUser),
	},
	Entrypoint: []string{"rootlesskit", "buildkitd", "--oci-worker-no-process-sandbox"},
}

// RootlessBuildKit makes BuildKit's image. It returns the path of its tarball.
func (m Maker) RootlessBuildKit(ctx context.Context) (string, error) {
	programs, err := m.engineFiles(ctx)
	if err != nil {
		return "", err
	}
	root, err := m.keep("debian-buildkit-"+key(buildkitRoot...)+".tar.gz", func(target string) error {
		m.Note("fetching Debian's part of BuildKit's image (half a minute the first time)")
		return mmdebstrap(ctx, append(append([]string{}, buildkitRoot...), target)...)
	})
	if err != nil {
		return "", err
	}
	parts := []string{filepath.Base(root), BuildKit, fmt.Sprintf("%+v", buildkitConfig)}
	for _, file := range programs {
		parts = append(parts, file.Source, file.Path)
	}
	return m.keep("buildkit-"+key(parts...)+".tar", func(target string) error {
		image, err := onDebian(root, buildkitConfig, programs)
		if err != nil {
			return err
		}
		return oci.WriteArchive(target, BuildKit, image)
	})
}

// engineFiles are BuildKit's programs, and the folders that belong to its user. The folder of a component's binaries has a key of
// what they are made from in its name.
func (m Maker) engineFiles(ctx context.Context) ([]oci.File, error) {
	files := []oci.File{
		{Path: "/home/user", Folder: true, Mode: 0o755, UID: engineUser, GID: engineUser},
		{Path: fmt.Sprintf("/run/user/%d", engineUser), Folder: true, Mode: 0o700, UID: engineUser, GID: engineUser},
	}
	for _, c := range []build.Component{build.BuildKit, build.RootlessKit} {
		folder, err := m.Ensure(ctx, c)
		if err != nil {
			return nil, err
		}
		for name := range c.Binaries {
			files = append(files, oci.File{Path: "/usr/bin/" + name, Source: filepath.Join(folder, name), Mode: 0o755})
		}
	}
	slices.SortFunc(files, func(a, b oci.File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// RegistryArchive makes the registry's image. It returns the path of its tarball.
func (m Maker) RegistryArchive(ctx context.Context) (string, error) {
	return m.Small(ctx, build.Registry, Registry)
}

// onDebian puts files on a root file system.
func onDebian(root string, config v1.Config, files []oci.File) (v1.Image, error) {
	debian, err := tarball.LayerFromFile(root, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("reading Debian's part: %w", err)
	}
	own, err := oci.Layer(files)
	if err != nil {
		return nil, err
	}
	return oci.Image(config, debian, own)
}
