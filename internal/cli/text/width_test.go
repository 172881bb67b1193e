package text

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

func TestColumnsStandBelowEachOtherWhateverTheScript(t *testing.T) {
	o := viewtest.Worlds()["Serving"]
	o.Shop.Status.Recent[1].By = "商店 👩‍👩‍👧‍👦 e\u0301"
	var out bytes.Buffer
	if err := History(&out, view.Of(o).History, Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	var at []int
	for line := range strings.Lines(out.String()) {
		for _, cell := range []string{"TOOK", "49ms", "61ms"} {
			if i := strings.Index(line, cell); i >= 0 {
				at = append(at, uniseg.StringWidth(line[:i])) // and not by what is tested
			}
		}
	}
	if len(at) != 3 || at[0] != at[1] || at[1] != at[2] {
		t.Errorf("the cells of one column begin at %v:\n%s", at, out.String())
	}
}

func TestHowManyColumnsATextTakes(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "\x1b[31mabc\x1b[0m": 3, "✔ 9/9": 5, "é": 1, "e\u0301": 1, "商店": 4, "–": 1, "→": 1, "…": 1, "◌": 1, "└ ": 2, "a\x1b": 1,
	} {
		if got := width(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestATextIsCutToColumns(t *testing.T) {
	for name, x := range map[string]struct {
		text  string
		to    int
		ascii bool
		want  string
	}{
		"it fits":                       {"abc", 3, false, "abc"},
		"it does not":                   {"abcd", 3, false, "ab…"},
		"in ASCII":                      {"abcdef", 5, true, "ab..."},
		"an ideograph takes two":        {"商店商店", 5, false, "商店…"},
		"half of one is left out":       {"商店商店", 4, false, "商…"},
		"an accent stays on its letter": {"abe\u0301f!", 4, false, "abe\u0301…"},
		"no room is no bound":           {"abc", 0, false, "abc"},
	} {
		p := &printer{Options: Options{ASCII: x.ascii}}
		if got := p.cut(x.text, x.to); got != x.want || (x.to > 0 && width(got) > x.to) {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// TestTheCauseIsNeverCut: the end of a message is where registries and webhooks say what is wrong.
func TestTheCauseIsNeverCut(t *testing.T) {
	o := viewtest.Worlds()["Starting"]
	long := strings.Repeat("failed to pull and unpack image ", 6) + "401 Unauthorized"
	o.Pods[0].Status.ContainerStatuses[0].State.Waiting.Message = long
	for _, columns := range []int{60, 80, 120} {
		var out bytes.Buffer
		if err := Why(&out, view.Why(o, ""), Options{Width: columns}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(got, long) {
			t.Errorf("at %d columns:\n%s", columns, out.String())
		}
	}
}

func TestColumnsWithoutRoomBeginALineInEveryRow(t *testing.T) {
	var out bytes.Buffer
	p := &printer{Options: Options{Width: 30}, out: &out}
	p.table([][]string{{"NAME", "STATUS", "MESSAGE"}, {"acme", "FrontDoorUnavailable", "nothing serves"}, {"shoes", "Serving", ""}})
	const want = "NAME    STATUS\n    MESSAGE\nacme    FrontDoorUnavailable\n    nothing serves\nshoes   Serving\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
