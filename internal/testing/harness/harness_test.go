package harness

import "testing"

func TestAShopIsInstalled(t *testing.T) {
	w := Installed()
	defer w.Close()
	w.Always.AtRest()
	w.Check(t, "install")
	reason, message := w.Reason()
	t.Log(w.Steps, "steps", len(w.Store.Journal()), "writes", w.Operators[0].Passes, "passes; ends", w.Now.Sub(begun), reason, message, w.Outage(), w.Operators[0].Errors)
	if testing.Verbose() {
		t.Log(w.Story(200))
	}
}
func BenchmarkInstall(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Installed().Close()
	}
}
