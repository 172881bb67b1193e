package remains

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// unmountAll unmounts until nothing is left: one place may be mounted on many times.
func unmountAll(states []string) error {
	for {
		mounts, err := mountsBelow(states)
		if err != nil || len(mounts) == 0 {
			return err
		}
		for _, mount := range mounts {
			if err := unmount(mount); err != nil {
				return fmt.Errorf("unmounting %s: %w", mount, err)
			}
		}
	}
}

// unmount detaches what is still in use: its users have been killed and let go in a moment.
func unmount(path string) error {
	err := unix.Unmount(path, unix.UMOUNT_NOFOLLOW)
	if errors.Is(err, unix.EBUSY) {
		err = unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH)
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
		return nil // went together with another one
	}
	return err
}

// mountsBelow lists the cluster's mounts, the innermost first. The nodes' namespaces are mounts too, but the network owns them.
func mountsBelow(states []string) ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing mounts: %w", err)
	}
	return pick(string(text), append([]string{layout.RunDir}, states...)), nil
}

func pick(mountinfo string, below []string) (found []string) {
	for _, line := range strings.Split(mountinfo, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if path := unescape(fields[4]); within(path, below) {
			found = append(found, path)
		}
	}
	slices.Reverse(found)
	return found
}

func within(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return strings.HasPrefix(path, folder+"/")
	})
}

// unescape undoes what the kernel does to blanks, and drops its note about a folder that was deleted.
func unescape(path string) string {
	path = strings.TrimSuffix(path, `//deleted`)
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}
