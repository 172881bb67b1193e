package remains

import (
	"slices"
	"testing"
)

func TestPickTakesTheInnermostFirst(t *testing.T) {
	const mountinfo = `20 1 254:0 / / rw - ext4 /dev/vda rw
30 20 254:0 /a /work/main/.cluster/node1/kubelet rw shared:1 - ext4 /dev/vda rw
31 30 0:40 / /work/main/.cluster/node1/kubelet/pods/x/volumes/a\040b rw - tmpfs tmpfs rw
32 20 0:41 / /work/main/.clusters rw - tmpfs tmpfs rw
33 20 0:4 net:[4026532] /run/emporium/node1/netns/cni-1 rw - nsfs nsfs rw
`
	got := pick(mountinfo, []string{"/run/emporium", "/work/main/.cluster"})
	want := []string{
		"/run/emporium/node1/netns/cni-1",
		"/work/main/.cluster/node1/kubelet/pods/x/volumes/a b",
		"/work/main/.cluster/node1/kubelet",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
