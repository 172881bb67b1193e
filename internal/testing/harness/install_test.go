package harness

import "testing"

func TestAShopIsInstalledAndThenNothingIsWritten(t *testing.T) {
	w := Installed()
	defer w.Close()
	rightEnd(w)
	w.Check(t, "an installation")
}
