package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// slim leaves out what Debian's slim images leave out.
var slim = []string{
	"--variant=minbase", "--mode=root",
	"--dpkgopt=path-exclude=/usr/share/doc/*",
	"--dpkgopt=path-exclude=/usr/share/man/*",
	"--dpkgopt=path-exclude=/usr/share/info/*",
	"--dpkgopt=path-exclude=/usr/share/locale/*",
	// They are made for the machine and the moment of the making, so they would make each image another one.
	`--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf" "$1/var/cache/ldconfig/aux-cache"`,
}

// DebianRoot returns the path of a tarball with the root file system of a Debian release, and with further packages in it.
func (m Maker) DebianRoot(ctx context.Context, suite string, packages ...string) (string, error) {
	args := append([]string{}, slim...)
	if len(packages) > 0 {
		args = append(args, "--include="+strings.Join(packages, ","))
	}
	args = append(args, suite)
	return m.keep("debian-"+suite+"-"+key(args...)+".tar.gz", func(target string) error {
		m.Note("fetching Debian %s (half a minute the first time)", suite)
		return mmdebstrap(ctx, append(args, target)...)
	})
}

func mmdebstrap(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "mmdebstrap", args...)
	// It calls tools of the administrator, which are not on everyone's path. With a time given, the same packages make the same tarball;
	// not 0, which in /etc/shadow means a password that has run out.
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "SOURCE_DATE_EPOCH=86400")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running mmdebstrap: %w\n%s", err, output)
	}
	return nil
}

// key names what is made from these words on this machine's architecture.
func key(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q", runtime.GOARCH, parts))
	return hex.EncodeToString(sum[:])[:16]
}
