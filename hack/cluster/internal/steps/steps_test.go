package steps

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestProgressPrintsNamesAndTimes(t *testing.T) {
	var out strings.Builder
	clock := time.Unix(0, 0)
	progress := New(&out, func() time.Time { return clock })
	_ = progress.Do("etcd", func() error { clock = clock.Add(1500 * time.Millisecond); return nil })
	progress.Note("building %s", "it")
	failure := errors.New("no")
	if err := progress.Do("kubelet", func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	progress.Total("done")
	want := "    1.5s  etcd\n          building it\n    0.0s  kubelet: failed\n    1.5s  done\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
