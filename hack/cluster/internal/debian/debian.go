// Package debian sees to what the cluster takes from the machine's distribution: it installs it where it can, and says what to install where it cannot.
package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// need is something that must be there, with the Debian package that brings it.
type need struct {
	pkg   string
	paths []string // any one of them will do
}

var needs = []need{
	{"runc", []string{"/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc"}},
	{"containernetworking-plugins", []string{"/usr/lib/cni/bridge", "/opt/cni/bin/bridge"}},
	{"nftables", []string{"/usr/sbin/nft", "/sbin/nft"}},
	{"conntrack", []string{"/usr/sbin/conntrack", "/sbin/conntrack"}},
	{"iproute2", []string{"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"}},
	{"mmdebstrap", []string{"/usr/bin/mmdebstrap"}},
	{"util-linux", []string{"/usr/bin/nsenter"}},
}

// Find is the path at which something needed lies.
func Find(pkg string) (string, error) {
	for _, need := range needs {
		if need.pkg == pkg {
			if path := need.path(); path != "" {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("finding %s: it is not installed", pkg)
}

func (n need) path() string {
	for _, path := range n.paths {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Ensure installs what is missing, or tells the user what to do.
func Ensure(ctx context.Context, note func(format string, args ...any)) error {
	if os.Geteuid() != 0 {
		return errors.New("starting a cluster: it needs network namespaces, mounts and cgroups, so run this as root (sudo -E env PATH=$PATH make up)")
	}
	return Install(ctx, note)
}

// Install installs those of the named packages that are missing, or tells the user what to do; no name means all that a cluster needs.
func Install(ctx context.Context, note func(format string, args ...any), names ...string) error {
	packages := missing(names)
	if len(packages) == 0 {
		return nil
	}
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return fmt.Errorf("installing packages: this is not Debian, so please install what Debian calls: %s", strings.Join(packages, " "))
	}
	note("installing %s", strings.Join(packages, " "))
	return install(ctx, packages)
}

func missing(names []string) (packages []string) {
	for _, need := range needs {
		wanted := len(names) == 0 || slices.Contains(names, need.pkg)
		if wanted && need.path() == "" {
			packages = append(packages, need.pkg)
		}
	}
	return packages
}

// install tries with the package lists at hand first: fetching them takes longer than the packages.
func install(ctx context.Context, packages []string) error {
	args := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	if apt(ctx, args...) == nil {
		return nil
	}
	if err := apt(ctx, "update"); err != nil {
		return err
	}
	return apt(ctx, args...)
}

// apt waits while somebody else installs something: a machine that was just started does so by itself.
func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=600"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running apt-get %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}
