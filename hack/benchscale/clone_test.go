package main

import (
	"bytes"
	"strings"
	"testing"
)

const oneUID = "0b5c2a4e-3a53-4a6c-9c56-0e6b1c7d8e9f"

func TestACloneHasAnotherNamespaceAndOtherUIDsOfTheSameLength(t *testing.T) {
	source := []stored{
		{Key: []byte("/registry/deployments/shop-0001/a"), Value: []byte("shop-0001 uid " + oneUID)},
		{Key: []byte("/registry/pods/shop-0001/a-0"), Value: []byte("owner " + oneUID)},
	}
	got := clone(source, "shop-0001", "shop-0002")
	if want := "/registry/deployments/shop-0002/a"; string(got[0].Key) != want {
		t.Errorf("key %s, want %s", got[0].Key, want)
	}
	for i := range source {
		if bytes.Contains(got[i].Value, []byte(oneUID)) || len(got[i].Value) != len(source[i].Value) {
			t.Errorf("%s became %s", source[i].Value, got[i].Value)
		}
	}
	owner, owned := uid.Find(got[0].Value), uid.Find(got[1].Value)
	if !bytes.Equal(owner, owned) {
		t.Errorf("the owner is %s, its object is owned by %s", owner, owned)
	}
	if other := clone(source, "shop-0001", "shop-0003"); bytes.Equal(uid.Find(other[0].Value), owner) {
		t.Error("two clones have one UID")
	}
	if !bytes.Contains(source[0].Value, []byte(oneUID)) {
		t.Error("the source was changed")
	}
}

func TestPlansRefuseWhatIsNoNumberOfShops(t *testing.T) {
	all, err := plans(options{shops: "10,50", clones: 200, secrets: true})
	if err != nil || len(all) != 4 || all[3] != (plan{started: 10, clones: 190, secrets: true}) || !all[0].secrets {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range []string{"ten", "1", "10000"} {
		if _, err := plans(options{shops: bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if len(namespace(1)) != len(namespace(9999)) {
		t.Error("namespaces of different lengths cannot be cloned")
	}
}
