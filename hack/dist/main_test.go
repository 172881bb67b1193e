package main

import "testing"

func TestTheVersionOfTheChartsIsTheTagWhereItIsOne(t *testing.T) {
	for tag, want := range map[string]string{"1.2.3": "1.2.3", "v1.2.3": "1.2.3", "1.2.3-rc.1": "1.2.3-rc.1", "dev": "0.0.0-dev", "1": "0.0.0-1", "1.2": "0.0.0-1.2"} {
		if got := (options{tag: tag}).version(); got != want {
			t.Errorf("of %s it is %s, not %s", tag, got, want)
		}
	}
}

func TestSourceDateEpochIsTheTimeOfFiles(t *testing.T) {
	if got, err := sourceDate(""); err != nil || got.Unix() != 0 {
		t.Errorf("unset: %v (%v)", got, err)
	}
	if got, err := sourceDate("1764240000"); err != nil || got.Unix() != 1764240000 {
		t.Errorf("set: %v (%v)", got, err)
	}
	if _, err := sourceDate("yesterday"); err == nil || err.Error() != `reading SOURCE_DATE_EPOCH: "yesterday" is no number of seconds` {
		t.Errorf("of no number it says %v", err)
	}
}
