package stage

import (
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/emporium-shop/emporium/services/tokens"
)

const (
	// keySecret holds the private key that the sample shop's tokens are signed with. It allows no service.
	keySecret = "shop-signing-key"
	// keySet is the ConfigMap that config/samples/shop.yaml names: the public keys.
	keySet = "shop-keys"
)

// Keys makes the key that the sample shop's tokens are signed with, unless there is one, and gives its public half to the
// services. It returns the key. Of two who do so at once one makes it, and both get the same.
func (s Stage) Keys(ctx context.Context) (tokens.Key, error) {
	key, there, err := s.signingKey(ctx)
	if err == nil && !there {
		if err = s.makeKey(ctx); err == nil {
			key, there, err = s.signingKey(ctx)
		}
	}
	if err != nil {
		return key, err
	}
	if !there {
		return key, fmt.Errorf("making the shop's key: Secret %s is gone again", keySecret)
	}
	return key, s.Apply(ctx, object("ConfigMap", keySet, "data: {jwks.json: '"+string(tokens.JWKS(key))+"'}"))
}

func (s Stage) makeKey(ctx context.Context) error {
	if _, err := s.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-f", filepath.Join(samples, "namespace.yaml")); err != nil {
		return err
	}
	secret := object("Secret", keySecret, "stringData: {key.json: '"+string(tokens.New(tokens.AuthKey).Private())+"'}")
	if _, err := s.KubectlWith(ctx, secret, "create", "-f", "-"); err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
		return err
	}
	return nil
}

func (s Stage) signingKey(ctx context.Context) (key tokens.Key, there bool, err error) {
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "secret", keySecret, "--ignore-not-found", "-o", `jsonpath={.data.key\.json}`)
	if err != nil || out == "" {
		return key, false, err
	}
	text, err := base64.StdEncoding.DecodeString(out)
	if err == nil {
		key, err = tokens.Parse(text)
	}
	if err != nil {
		return key, true, fmt.Errorf("reading Secret %s: its key.json %w", keySecret, err)
	}
	return key, true, nil
}

func object(kind, name, content string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\n%s\n", kind, name, Shop, content)
}
