package release

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// notCopied are names in a ServiceTemplate that look like names of ConfigMaps or Secrets and are others.
var notCopied = []string{
	"pod.imagePullSecrets.name", // read by the kubelet, in no pod
}

// Every string below a field whose name speaks of a ConfigMap or Secret and that names an object has to
// be visited, so that a new kind of reference is not forgotten.
func TestEveryReferenceToAConfigMapOrSecretIsCopiedAndRenamed(t *testing.T) {
	var found []string
	template := filled[v1alpha1.ServiceTemplate]()
	eachLeaf(reflect.ValueOf(template).Elem(), "", func(path string, _ func()) {
		lower := strings.ToLower(path)
		isName := strings.HasSuffix(lower, ".name") || strings.HasSuffix(lower, ".secretname")
		if isName && (strings.Contains(lower, "secret") || strings.Contains(lower, "configmap")) && !slices.Contains(notCopied, path) {
			found = append(found, path)
		}
	})
	Rename(template, map[Ref]string{{v1alpha1.ConfigMapKind, "a"}: "the copy", {v1alpha1.SecretKind, "a"}: "the copy"})
	var renamed []string
	eachString(reflect.ValueOf(template).Elem(), "", func(path, value string) {
		if value == "the copy" {
			renamed = append(renamed, path)
		}
	})
	if diff := cmp.Diff(found, renamed); diff != "" || len(found) < 6 {
		t.Errorf("references (-in the types +renamed):\n%s", diff)
	}
	if got := len(References(filled[v1alpha1.ServiceTemplate]())); got != 2 {
		t.Errorf("%d references, want the ConfigMap a and the Secret a", got)
	}
}

// eachString visits every string of a value.
func eachString(v reflect.Value, path string, visit func(path, value string)) {
	switch v.Kind() {
	case reflect.Pointer:
		eachString(v.Elem(), path, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				eachString(v.Field(i), joined(path, f), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), path, visit)
		}
	case reflect.String:
		visit(path, v.String())
	}
}

func TestAReferenceIsOptionalOnlyWhereEveryMentionIs(t *testing.T) {
	mention := func(optional *bool) corev1.EnvFromSource {
		return corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}, Optional: optional}}
	}
	for name, c := range map[string]struct {
		mentions []corev1.EnvFromSource
		want     bool
	}{
		"once, unset":         {[]corev1.EnvFromSource{mention(nil)}, false},
		"once, optional":      {[]corev1.EnvFromSource{mention(ptr.To(true))}, true},
		"once, not optional":  {[]corev1.EnvFromSource{mention(ptr.To(false))}, false},
		"optional, then not":  {[]corev1.EnvFromSource{mention(ptr.To(true)), mention(nil)}, false},
		"not, then optional":  {[]corev1.EnvFromSource{mention(nil), mention(ptr.To(true))}, false},
		"optional both times": {[]corev1.EnvFromSource{mention(ptr.To(true)), mention(ptr.To(true))}, true},
	} {
		got, found := References(&v1alpha1.ServiceTemplate{EnvFrom: c.mentions})[Ref{v1alpha1.SecretKind, "mail"}]
		if !found || got != c.want {
			t.Errorf("%s: optional: %t, want %t", name, got, c.want)
		}
	}
}

func TestACopyIsNamedByWhatItHolds(t *testing.T) {
	hash := func(s *corev1.Secret) string {
		h, err := HashSecret(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	was := hash(&corev1.Secret{Data: map[string][]byte{"password": []byte("1")}})
	for name, s := range map[string]*corev1.Secret{
		"another value": {Data: map[string][]byte{"password": []byte("2")}},
		"another key":   {Data: map[string][]byte{"PASSWORD": []byte("1")}},
		"another type":  {Type: corev1.SecretTypeBasicAuth, Data: map[string][]byte{"password": []byte("1")}},
	} {
		if hash(s) == was {
			t.Errorf("%s has the same hash", name)
		}
	}
	copied := copyName("acme", Ref{v1alpha1.SecretKind, "cart-db"}, was)
	if copied != "acme-s-cart-db-"+was[:8] || !IsCopyOf(copied, was) || IsCopyOf(copied, "0000"+was) {
		t.Errorf("the copy is named %s", copied)
	}
	a, err := HashConfigMap(&corev1.ConfigMap{Data: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := HashConfigMap(&corev1.ConfigMap{BinaryData: map[string][]byte{"a": []byte("1")}})
	if err != nil || a == b {
		t.Errorf("data and binaryData of a ConfigMap have one hash: %v", err)
	}
}

func TestOfALongNameACopyKeepsWhatFits(t *testing.T) {
	for _, length := range []int{1, 199, 219, 221, 253} {
		for _, shop := range []string{strings.Repeat("s", 19), strings.Repeat("s", 20)} { // one cuts behind a dot
			got := copyName(shop, Ref{v1alpha1.ConfigMapKind, strings.Repeat("a.", 127)[:length]}, strings.Repeat("0", 64))
			if len(got) > 253 || strings.Contains(got, ".-") || !IsCopyOf(got, strings.Repeat("0", 64)) {
				t.Errorf("of %d characters: %d characters: …%s", length, len(got), got[len(got)-12:])
			}
		}
	}
	long := ObjectName(strings.Repeat("s", 20), strings.Repeat("x", 30), "12345678")
	if len(long) > 63 {
		t.Errorf("an object of the longest shop and service has %d characters", len(long))
	}
	check, err := CheckName(strings.Repeat("s", 20), "12345678", &v1alpha1.Check{Name: strings.Repeat("c", 20)})
	if err != nil || len(check) > 63 {
		t.Errorf("a Job of the longest shop and check has %d characters: %v", len(check), err)
	}
}

func TestWhatHasNoCopyIsNotNamedInAPod(t *testing.T) {
	template := filled[v1alpha1.ServiceTemplate]()
	RenameMissing(template, "acme", map[Ref]string{{v1alpha1.SecretKind, "a"}: "acme-s-a-12345678"})
	var names []string
	eachRef(template, func(kind v1alpha1.ConfigKind, name *string, _ *bool) { names = append(names, string(kind)+" "+*name) })
	slices.Sort(names)
	if diff := cmp.Diff([]string{"ConfigMap acme-c-a-notthere", "Secret a"}, slices.Compact(names)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if strings.Trim(noHash, "0123456789abcdef") == "" || len(noHash) != revisionLength {
		t.Errorf("a copy could be named like %q", noHash)
	}
}

func TestACheckWithoutADeadlineKeepsTheNameThatItHadWhenTheSchemaFilledOneIn(t *testing.T) {
	filled := v1alpha1.Check{Name: "smoke", Image: "smoke:1", Deadline: &metav1.Duration{Duration: DefaultCheckDeadline}}
	unset := v1alpha1.Check{Name: "smoke", Image: "smoke:1"}
	was, err := CheckName("acme", "12345678", &filled)
	if err != nil {
		t.Fatal(err)
	}
	is, err := CheckName("acme", "12345678", &unset)
	if err != nil || is != was {
		t.Errorf("it is %s (%v), and was %s: every check would run once more", is, err, was)
	}
	if unset.Deadline != nil {
		t.Error("the Shop in the cache was changed")
	}
}
