package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
)

// etcd is asked by its HTTP gateway: clones need one range and many puts.
type etcd struct{ url string }

// stored is a key with its value, both as bytes in base64.
type stored struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

func (e etcd) call(ctx context.Context, path string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd answers %s", res.Status)
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// shop reads what is stored of a shop's namespace, events left out.
func (e etcd) shop(ctx context.Context, ns string) (found []stored, err error) {
	var all struct {
		Kvs []stored `json:"kvs"`
	}
	prefix, end := []byte("/registry/"), []byte("/registry0")
	if err := e.call(ctx, "/v3/kv/range", map[string]any{"key": prefix, "range_end": end}, &all); err != nil {
		return nil, fmt.Errorf("reading the shop to clone: %w", err)
	}
	for _, kv := range all.Kvs {
		in := bytes.Contains(kv.Key, []byte("/"+ns+"/")) || bytes.HasSuffix(kv.Key, []byte("/namespaces/"+ns))
		if in && !bytes.Contains(kv.Key, []byte("/events/")) {
			found = append(found, kv)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("reading the shop to clone: there is nothing in " + ns)
	}
	return found, nil
}

// put stores everything in one transaction, at most 128 at once.
func (e etcd) put(ctx context.Context, all []stored) error {
	for len(all) > 0 {
		n := min(len(all), 100)
		var puts []any
		for _, kv := range all[:n] {
			puts = append(puts, map[string]any{"request_put": kv})
		}
		var done struct {
			Succeeded bool `json:"succeeded"`
		}
		if err := e.call(ctx, "/v3/kv/txn", map[string]any{"success": puts}, &done); err != nil || !done.Succeeded {
			return fmt.Errorf("storing a clone: succeeded %t: %w", done.Succeeded, err)
		}
		all = all[n:]
	}
	return nil
}

var uid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// clone gives a copy of a shop another namespace and other UIDs. All have the same length, so
// that the lengths within the stored bytes stay true.
func clone(source []stored, from, to string) []stored {
	out := make([]stored, len(source))
	for i, kv := range source {
		out[i] = stored{
			Key:   bytes.ReplaceAll(kv.Key, []byte(from), []byte(to)),
			Value: uid.ReplaceAllFunc(bytes.ReplaceAll(kv.Value, []byte(from), []byte(to)), func(was []byte) []byte { return otherUID(was, to) }),
		}
	}
	return out
}

func otherUID(was []byte, salt string) []byte {
	sum := sha256.Sum256(append(bytes.Clone(was), salt...))
	h := hex.EncodeToString(sum[:16])
	return []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// cloneShops makes shops from..to copies of the first.
func (l *lab) cloneShops(ctx context.Context, from, to int) error {
	e := etcd{l.server.env.ControlPlane.Etcd.URL.String()}
	source, err := e.shop(ctx, namespace(1))
	if err != nil {
		return err
	}
	return inParallel(ctx, from, to, func(ctx context.Context, i int) error {
		return e.put(ctx, clone(source, namespace(1), namespace(i)))
	})
}
