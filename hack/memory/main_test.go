package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/test/stage"
)

var (
	serving = []stage.PodMemory{{Pod: "postgres-0", WorkingSet: 100 << 20, RSS: 60 << 20}, {Pod: "cart-1", Release: "acme-b", WorkingSet: 10<<20 + 1, RSS: 6 << 20}}
	before  = []stage.PodMemory{{Pod: "cart-0", Release: "acme-a", WorkingSet: 12 << 20}}
)

func TestTheTableSumsWhatServes(t *testing.T) {
	var out bytes.Buffer
	table(&out, serving, before)
	for _, want := range []string{"postgres-0   100.0             60.0", "cart-1       10.0              6.0", "2 pods       111               66", "at most 572 MiB", "not at rest: 1 pods", "12 MiB more"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	out.Reset()
	if table(&out, serving, nil); strings.Contains(out.String(), "not at rest") {
		t.Errorf("one stack alone is at rest:\n%s", &out)
	}
}

func TestJSONTellsTheSumsAndThePods(t *testing.T) {
	var out bytes.Buffer
	if err := asText(&out, serving, before); err != nil {
		t.Fatal(err)
	}
	var got struct {
		MemoryMiB, AimMiB, BesideMiB int64
		Pods, Beside                 []stage.PodMemory
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.MemoryMiB != 111 || got.AimMiB != 572 || got.BesideMiB != 12 || len(got.Pods) != 2 || len(got.Beside) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestArgumentsThatMeanNothingAreRefused(t *testing.T) {
	for _, args := range [][]string{{"acme"}, {"-jsn"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
