package stage

import "testing"

func TestReadRowKeepsSpacesAndEmptyCells(t *testing.T) {
	table := "" +
		"NAME   READY   STATUS     ACTIVE          CANDIDATE   SERVICES   AGE   MESSAGE                       ADDRESS\n" +
		"acme   False   Degraded   acme-81e00b84               2/3        67m   release a: 2 of 3 ready; b    http://acme.acme.svc\n"
	want := Row{Ready: "False", Status: "Degraded", Active: "acme-81e00b84", Services: "2/3", Message: "release a: 2 of 3 ready; b"}
	if got, err := readRow(table); err != nil || got != want {
		t.Errorf("want %+v, got %+v (%v)", want, got, err)
	}
}

func TestReadRowRefusesWhatIsNoSingleLine(t *testing.T) {
	for _, table := range []string{"", "NAME\n", "NAME\na\nb\n"} {
		if got, err := readRow(table); err == nil {
			t.Errorf("want an error for %q, got %+v", table, got)
		}
	}
}
