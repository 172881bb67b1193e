package memlimit

import (
	"io/fs"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestTheSoftLimitFollowsTheContainer(t *testing.T) {
	const quarter = 256 << 20
	v2 := func(text string) fs.FS { return fstest.MapFS{"sys/fs/cgroup/memory.max": {Data: []byte(text)}} }
	for name, row := range map[string]struct {
		variable string
		root     fs.FS
		want     int64
	}{
		"downward API":          {"268435456", v2("1"), quarter / 100 * 80},
		"control group":         {"", v2("268435456\n"), quarter / 100 * 80},
		"without a limit":       {"", v2("max\n"), 0},
		"version 1":             {"", fstest.MapFS{"sys/fs/cgroup/memory/memory.limit_in_bytes": {Data: []byte("268435456")}}, quarter / 100 * 80},
		"version 1, no limit":   {"", fstest.MapFS{"sys/fs/cgroup/memory/memory.limit_in_bytes": {Data: []byte("9223372036854771712")}}, 0},
		"no control group":      {"", fstest.MapFS{}, 0},
		"variable is no number": {"256Mi", v2("268435456"), quarter / 100 * 80},
	} {
		got := soft(func(string) (string, bool) { return row.variable, row.variable != "" }, row.root)
		if got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}

func TestTheRuntimeKeepsToTheSoftLimitUnlessItWasToldAnother(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	root := fstest.MapFS{"sys/fs/cgroup/memory.max": {Data: []byte("1000000000")}}
	told := func(own string) func(string) (string, bool) {
		return func(name string) (string, bool) { return own, name == "GOMEMLIMIT" && own != "" }
	}
	set(told("1GiB"), root)
	if now := debug.SetMemoryLimit(-1); now != before {
		t.Errorf("GOMEMLIMIT is set, and the limit is %d", now)
	}
	set(told(""), fstest.MapFS{})
	if now := debug.SetMemoryLimit(-1); now != before {
		t.Errorf("there is no limit, and one of %d is kept", now)
	}
	set(told(""), root)
	if now := debug.SetMemoryLimit(-1); now != 800000000 {
		t.Errorf("of 1000000000 bytes %d are the limit", now)
	}
}
