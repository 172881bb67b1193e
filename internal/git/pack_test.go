package git

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// packOf writes a pack by hand: head of an entry, base of a delta if it is one, content.
func packOf(count uint32, entries ...[]byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), count)
	return append(out, bytes.Join(entries, nil)...)
}

func packEntry(kind byte, size int, base, content []byte) []byte {
	b := kind<<4 | byte(size&15)
	out := []byte{}
	for size >>= 4; size > 0; size >>= 7 {
		out = append(out, b|0x80)
		b = byte(size & 0x7f)
	}
	out = append(append(out, b), base...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(content)
	w.Close()
	return append(out, z.Bytes()...)
}

// TestTreesThatAreSentAsDeltasAreRead: Git sends folders that resemble each other as changes of one another.
func TestTreesThatAreSentAsDeltasAreRead(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	files := map[string]string{}
	for i := range 200 {
		name := strings.Repeat(string(rune('a'+i%26)), 1+i/26)
		files["one/"+name], files["two/"+name] = name, name
	}
	files["two/a"] = "another"
	commit := repo.Commit(files)
	repo.Served("", "repack", "-adfq", "--depth=50", "--window=50")
	if deltas := repo.Served("", "verify-pack", "-v", "--", packFile(t, repo)); !strings.Contains(deltas, "chain length = 1: ") {
		t.Fatalf("the server has no deltas:\n%s", deltas)
	}
	paths := []string{"one/a", "one/b", "two/a", "two/b"}
	if got, want := trees(t, Remote{URL: repo.URL}, commit, paths...), asGitSays(repo, commit, paths...); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// packFile is the one pack that the server has after repack -a.
func packFile(t *testing.T, repo *gitserver.Repository) string {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(repo.Served("", "rev-parse", "--absolute-git-dir"), "objects/pack/*.idx"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("packs: %v %v", packs, err)
	}
	return packs[0]
}

func TestADeltaIsAppliedInAnyOrder(t *testing.T) {
	base := []byte("0123456789")
	plain, err := readPack(packOf(1, packEntry(packBlob, 10, nil, base)), 40)
	if err != nil {
		t.Fatal(err)
	}
	var name []byte
	for n := range plain {
		name = mustHex(t, n)
	}
	// sizes 10 and 7; copy 3 from 2; insert "ab"; copy 2 from 8
	changes := []byte{10, 7, 0x91, 2, 3, 2, 'a', 'b', 0x91, 8, 2}
	for order, raw := range map[string][]byte{
		"base first": packOf(2, packEntry(packBlob, 10, nil, base), packEntry(packRefDelta, len(changes), name, changes)),
		"base last":  packOf(2, packEntry(packRefDelta, len(changes), name, changes), packEntry(packBlob, 10, nil, base)),
	} {
		objects, err := readPack(raw, 40)
		if err != nil {
			t.Fatalf("%s: %v", order, err)
		}
		found := false
		for _, o := range objects {
			found = found || string(o.content) == "234ab89"
		}
		if !found {
			t.Errorf("%s: got %v", order, objects)
		}
	}
}

func TestAPackThatIsWrongIsRefused(t *testing.T) {
	blob := packEntry(packBlob, 10, nil, []byte("0123456789"))
	plain, err := readPack(packOf(1, blob), 40)
	if err != nil {
		t.Fatal(err)
	}
	var name []byte
	for n := range plain {
		name = mustHex(t, n)
	}
	changed := func(changes ...byte) []byte {
		return packOf(2, blob, packEntry(packRefDelta, len(changes), name, changes))
	}
	for what, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                        {nil, errNotGit},
		"no pack":                        {[]byte("PACX\x00\x00\x00\x02\x00\x00\x00\x00"), errNotGit},
		"another version":                {[]byte("PACK\x00\x00\x00\x03\x00\x00\x00\x00"), errNotGit},
		"fewer objects than said":        {packOf(2, blob), errNotGit},
		"more objects than read":         {packOf(1 << 30), errTooLarge},
		"more content than said":         {packOf(1, packEntry(packBlob, 9, nil, []byte("0123456789"))), errNotGit},
		"less content than said":         {packOf(1, packEntry(packBlob, 11, nil, []byte("0123456789"))), errNotGit},
		"a bomb":                         {packOf(1, packEntry(packBlob, 1<<30, nil, make([]byte, 1<<20))), errTooLarge},
		"a size without end":             {packOf(1, bytes.Repeat([]byte{0xff}, 20)), errNotGit},
		"no zlib":                        {packOf(1, []byte{0x31, 0, 0, 0, 0}), errNotGit},
		"a kind that is none":            {packOf(1, packEntry(5, 1, nil, []byte("x"))), errNotGit},
		"a delta by offset":              {packOf(1, packEntry(6, 1, []byte{1}, []byte("x"))), errNotGit},
		"a base that is not there":       {packOf(1, packEntry(packRefDelta, 3, name, []byte{10, 1, 1})), errNotGit},
		"a delta of another base":        {changed(9, 1, 1, 'x'), errNotGit},
		"a delta that makes too much":    {changed(10, 1, 2, 'x', 'y'), errNotGit},
		"a delta that makes too little":  {changed(10, 2, 1, 'x'), errNotGit},
		"a delta that copies beyond":     {changed(10, 5, 0x91, 8, 5), errNotGit},
		"a delta that copies far beyond": {changed(10, 5, 0x9f, 255, 255, 255, 255, 5), errNotGit},
		"a delta with an empty order":    {changed(10, 1, 0), errNotGit},
		"a delta that ends within":       {changed(10, 5, 5, 'x'), errNotGit},
		"a delta as a bomb":              {changed(10, 0xff, 0xff, 0xff, 0xff, 0x0f), errTooLarge},
	} {
		if _, err := readPack(c.raw, 40); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
}

// FuzzPack: no bytes of a server make the reader panic, or give more than it may hold.
func FuzzPack(f *testing.F) {
	blob := packEntry(packBlob, 10, nil, []byte("0123456789"))
	f.Add(packOf(1, blob))
	f.Add(packOf(2, blob, packEntry(packRefDelta, 11, make([]byte, 20), []byte{10, 7, 0x91, 2, 3, 2, 'a', 'b', 0x91, 8, 2})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		objects, err := readPack(raw, 40)
		if err != nil {
			return
		}
		total := 0
		for _, o := range objects {
			total += len(o.content)
			_, _ = readTree(o.content, 40)
			_, _ = treeOf(o.content)
		}
		if total > mostInflated {
			t.Errorf("%d bytes", total)
		}
	})
}

func TestATreeThatIsWrongIsRefused(t *testing.T) {
	hash := string(bytes.Repeat([]byte{1}, 20))
	good, err := readTree([]byte("100644 a\x00"+hash+"40000 b c\x00"+hash), 40)
	if err != nil || good["b c"] != (entry{"40000", strings.Repeat("01", 20)}) || len(good) != 2 {
		t.Errorf("got %v, %v", good, err)
	}
	for _, bad := range []string{"x", "100644 a", "100644 a\x00short", "100644\x00" + hash, "100644 a\x00" + hash + "rest"} {
		if _, err := readTree([]byte(bad), 40); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for _, bad := range []string{"", "parent " + first + "\n", "tree x\n", "tree " + strings.Repeat("0", 40) + "\n"} {
		if _, err := treeOf([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
