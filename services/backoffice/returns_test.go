package backoffice

import (
	"net/url"
	"reflect"
	"testing"
)

func TestWhatCameBackIsReadFromTheForm(t *testing.T) {
	got, err := counted(url.Values{"sellable-1": {"1"}, "damaged-1": {" 2 "}, "sellable-2": {"0"}, "damaged-3": {"1"}})
	want := []map[string]any{{"line": 1, "sellable": int64(1), "damaged": int64(2)}, {"line": 3, "damaged": int64(1)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v)", got, err)
	}
	for _, bad := range []url.Values{{}, {"sellable-1": {"0"}}, {"sellable-1": {"-1"}}, {"sellable-1": {"1.5"}}, {"damaged-1": {"x"}}, {"damaged-1": {"99999999999"}}} {
		if got, err := counted(bad); err == nil {
			t.Errorf("%v is %v", bad, got)
		}
	}
}
