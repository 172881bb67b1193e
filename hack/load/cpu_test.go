package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/test/stage"
)

var began = time.Date(2026, 11, 29, 4, 0, 0, 0, time.UTC)

// at is what a meter showed at a second of the load.
func at(of, id string, second int, used float64) stage.CPUUsed {
	return stage.CPUUsed{Of: of, ID: id, At: began.Add(time.Duration(second) * time.Second), Used: time.Duration(used * float64(time.Second))}
}

func looks(containers ...[]stage.CPUUsed) (all []stage.CPULook) {
	for _, look := range containers {
		all = append(all, stage.CPULook{Containers: look})
	}
	return all
}

// during is what the looks say of the seconds 0 to 60, by service.
func during(all []stage.CPULook) (map[string]float64, cpu) {
	c, cores := spentBetween(all, began, began.Add(time.Minute)), map[string]float64{}
	for _, s := range c.Services {
		cores[s.Service] = s.Cores
	}
	return cores, c
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestCoresAreOfTheTimeOfTheLoadAlone(t *testing.T) {
	got, c := during(looks(
		[]stage.CPUUsed{at("cart", "a", -9, 50), at("cart", "b", -5, 1)},
		[]stage.CPUUsed{at("cart", "a", 3, 100), at("cart", "b", 4, 2)},
		[]stage.CPUUsed{at("cart", "a", 3, 100), at("cart", "b", 14, 3)}, // the kubelet has not measured a anew
		[]stage.CPUUsed{at("cart", "a", 53, 110), at("cart", "b", 54, 27)},
		[]stage.CPUUsed{at("cart", "a", 66, 900), at("cart", "b", 67, 900)},
	))
	if len(got) != 1 || !near(got["cart"], 10.0/50+25.0/50) || c.Unknown != nil {
		t.Errorf("%v, not measured: %v", got, c.Unknown)
	}
}

func TestWhatBeganMeanwhileCountsFromNothing(t *testing.T) {
	got, _ := during(looks(
		[]stage.CPUUsed{at("search", "old", -1, 7)},
		[]stage.CPUUsed{at("search", "old", 10, 8), at("search", "new", 20, 2)},
		[]stage.CPUUsed{at("search", "old", 50, 12), at("search", "new", 50, 5)},
	))
	if !near(got["search"], 4.0/40+5.0/50) {
		t.Errorf("%v", got)
	}
}

// Without two measurements nobody knows what was used: 0 would be a cheap service.
func TestWhatWasMeasuredOnceIsNamed(t *testing.T) {
	got, c := during(looks(
		[]stage.CPUUsed{at("cart", "a", 5, 1), at("tax", "b", -5, 1), at("tax", "c", 1, 1)},
		[]stage.CPUUsed{at("cart", "a", 8, 2), at("tax", "b", 61, 2), at("tax", "c", 4, 2)},
	))
	if len(got) != 0 || strings.Join(c.Unknown, " ") != "cart tax" {
		t.Errorf("%v, not measured: %v", got, c.Unknown)
	}
}

func whole(here bool) cpu {
	all := looks([]stage.CPUUsed{at("postgres", "a", 0, 0), at("cart", "b", 0, 0)}, []stage.CPUUsed{at("postgres", "a", 60, 30), at("cart", "b", 60, 12)})
	all[0].Nodes, all[1].Nodes = []stage.CPUUsed{at("n", "n", 0, 100)}, []stage.CPUUsed{at("n", "n", 60, 190)}
	_, c := during(all)
	c.Cores, c.Services = 2, append(c.Services, spent{Service: generator, Cores: 0.25})
	c.settle(here, 100)
	return c
}

func TestTheRestIsWhatNoPodUsedAndNotThisProcess(t *testing.T) {
	for here, want := range map[bool]float64{true: 1.5 - 0.5 - 0.2 - 0.25, false: 1.5 - 0.5 - 0.2} {
		c := whole(here)
		for _, s := range c.Services {
			if s.Service == rest && (!near(s.Cores, want) || !near(s.Millis, 10*want)) {
				t.Errorf("on the machine that was measured %t: %+v, want %.2f", here, s, want)
			}
		}
	}
}

func TestTheTableOfCPUIsSortedWithItsSum(t *testing.T) {
	c := whole(true)
	c.Unknown = []string{"tax"}
	var out strings.Builder
	c.table(&out)
	at := -1
	for _, want := range []string{"(rest of the machine)   0.550", "postgres   0.500      25%           5.00", "(generator)   0.250", "cart   0.200", "of 2 cores   1.500      75%          15.00", "twice meanwhile: tax"} {
		next := strings.Index(out.String(), want)
		if next <= at {
			t.Errorf("%q is missing, or not at its place in\n%s", want, &out)
		}
		at = next
	}
	out.Reset()
	if (*cpu)(nil).table(&out); out.Len() > 0 {
		t.Errorf("without a cluster it says %q", &out)
	}
	text, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(text), `"cores":2,"usedCores":1.5,"services":[{"service":"(rest of the machine)"`) {
		t.Errorf("%s, %v", text, err)
	}
}
