package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/emporium-shop/emporium/services/conform"
)

// A member of staff who may read, for services whose lists are staff's: a Secret of the check has the password. Without a password these lists are not looked
// at, as in a shop without auth.
const (
	staffName     = "CONFORM_STAFF_NAME"
	staffPassword = "CONFORM_STAFF_PASSWORD" //nolint:gosec // the name of a variable
)

var errStaff = errors.New("signing in as staff")

// signIn gets a token of auth, which is one of the targets, and shows it to all of them.
func signIn(ctx context.Context, targets []conform.Target, getenv func(string) string) error {
	name, password := getenv(staffName), getenv(staffPassword)
	if name == "" || password == "" {
		return nil
	}
	for _, t := range targets {
		if t.Settings.Service != "auth" || t.Mode != conform.Remote {
			continue
		}
		token, err := staffToken(ctx, t.URL, name, password)
		if err != nil {
			return fmt.Errorf("%w (%s): %w", errStaff, staffName, err)
		}
		for n := range targets {
			targets[n].Staff = "Bearer " + token
		}
	}
	return nil
}

// staffToken asks auth for a token, which is good for five minutes. Nothing is written by that.
func staffToken(ctx context.Context, auth, name, password string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil { // of strings
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, auth+"/api/auth/tokens", bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var got struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != http.StatusOK || got.Token == "" {
		return "", fmt.Errorf("auth answers %d", res.StatusCode) //nolint:err113 // said to people
	}
	return got.Token, nil
}
