package stage

import "testing"

func TestFlagsStandBesideTheOthers(t *testing.T) {
	manifest := "      - args:\n        - --leader-elect\n        - --front-door-image=x\n"
	want := "      - args:\n        - --drain-time=8s\n        - --leader-elect\n        - --front-door-image=x\n"
	if got := withFlags(manifest, []string{"--drain-time=8s"}); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := withFlags(manifest, nil); got != manifest {
		t.Errorf("without flags it is another:\n%s", got)
	}
}
