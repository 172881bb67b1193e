package main

import (
	"strings"
	"testing"
)

func TestTheReportSetsBothCommitsSideBySideWithTheRatioOfTheirTimes(t *testing.T) {
	r := report{
		This:    measured{AppliedToSwitchedMillis: 7000, APIRequests: 140, WritesByKind: map[string]int{"Deployment apply": 20}},
		Against: &measured{AppliedToSwitchedMillis: 14000, APIRequests: 196, WritesByKind: map[string]int{"Deployment apply": 20, "Deployment dry-run": 20}},
	}
	var out strings.Builder
	r.print(&out, "7d2da97")
	rows := map[string]string{}
	for row := range strings.SplitSeq(out.String(), "\n") {
		cells := strings.Fields(row)
		if len(cells) > 1 {
			rows[strings.Join(cells[:2], " ")] = strings.Join(cells, " ")
		}
	}
	for row, want := range map[string]string{
		"requests to":        "requests to the API, retirement included 140 <= 150 196",
		"Deployment dry-run": "Deployment dry-run 0 20",
		"Deployment apply":   "Deployment apply 20 20",
	} {
		if rows[row] != want {
			t.Errorf("got %q, want %q", rows[row], want)
		}
	}
	if r.Ratio != 0.5 || !strings.Contains(out.String(), "as a part of 7d2da97") {
		t.Errorf("ratio %.2f in\n%s", r.Ratio, out.String())
	}
}

func TestEveryServiceHasASecretOnlyWhereTheyAreWanted(t *testing.T) {
	with, without := manifest("1", true), manifest("1", false)
	if n := strings.Count(with, "kind: Secret"); n != services || strings.Count(with, "secretRef") != services {
		t.Errorf("%d Secrets", n)
	}
	if strings.Contains(without, "Secret") {
		t.Error("Secrets where none are wanted")
	}
	if with == manifest("2", true) {
		t.Error("another build changes nothing")
	}
}
