package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/internal/figures"
)

// grown are series whose storms make 10 requests and 150 a shop.
func grown(operator string, shops ...int) (all []series) {
	for _, n := range shops {
		all = append(all, series{Operator: operator, Shops: n, Rows: []row{
			{Phase: "storm", Shops: n, Operator: figures.Operator{Requests: map[string]int{"PATCH": 10 + 150*n}}},
		}})
	}
	return all
}

func TestALawIsTheLineThroughWhatWasMeasured(t *testing.T) {
	requests := grows()[1]
	l, ok := fit(requests.points(append(grown("new", 10, 50, 200), grown("old", 10)...), "new"))
	if !ok || math.Abs(l.base-10) > 1e-6 || math.Abs(l.perShop-150) > 1e-6 {
		t.Errorf("%+v, %t", l, ok)
	}
	if _, ok := fit(requests.points(grown("old", 10, 10), "old")); ok {
		t.Error("a law of one number of shops")
	}
	var out strings.Builder
	printLaws(&out, append(grown("old", 10, 50), grown("new", 10)...))
	if !strings.Contains(out.String(), "| requests of a storm                | 10 + 150 a shop |     |") {
		t.Errorf("laws:\n%s", out.String())
	}
}

func TestThePlotIsXML(t *testing.T) {
	var out strings.Builder
	plot(&out, append(grown("a<b", 10, 50), grown("new", 10, 200)...))
	d := xml.NewDecoder(strings.NewReader(out.String()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), `r="3"`); n != 3*4 {
		t.Errorf("%d points, want 4 in each of the three figures of a storm", n)
	}
}

func TestTablesAreFilledBetweenTheMarksOnly(t *testing.T) {
	got, err := fill([]byte("a\n"+begins+"\nold\n"+ends+"\nb"), []byte("new\n"))
	if want := "a\n" + begins + "\nnew\n" + ends + "\nb"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := fill([]byte("a"), nil); err == nil {
		t.Error("a page without marks was filled")
	}
}

func TestASeriesThatIsMeasuredAgainReplacesTheEarlierOne(t *testing.T) {
	got := merge(append(grown("old", 10), grown("new", 10)...), grown("new", 10, 50))
	if len(got) != 3 || got[0].Operator != "old" || got[2].Shops != 50 {
		t.Errorf("%+v", got)
	}
}
