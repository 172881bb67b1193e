package books

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/client"
)

// terminationLog is where Kubernetes finds why a container ended; elsewhere it is not there.
const terminationLog = "/dev/termination-log"

// mostLines bounds what is written of violations.
const mostLines = 50

// check asks the books of a stack whether they balance, and fails where they do not:
// the check of a release. It finds them in SHOP_SERVICES, or at -url.
func check(ctx context.Context, get func(string) string, args []string) error {
	err := checked(ctx, get, args, os.Stdout)
	if err == nil {
		return nil
	}
	if file, failed := os.OpenFile(terminationLog, os.O_WRONLY|os.O_TRUNC, 0); failed == nil { // Kubernetes makes it
		_, _ = file.WriteString(err.Error()) // it stands in the log, too
		_ = file.Close()
	}
	return err
}

func checked(ctx context.Context, get func(string) string, args []string, out io.Writer) error {
	f := flag.NewFlagSet("books check", flag.ContinueOnError)
	f.SetOutput(out)
	address := f.String("url", "", "where the books are; unset: as SHOP_SERVICES says")
	within := f.Duration("timeout", 30*time.Second, "how long it may take")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *address == "" {
		var err error
		if *address, err = inServices(get("SHOP_SERVICES")); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	asked, err := asker(get, *address)
	if err != nil {
		return err
	}
	v, _, err := client.Call[verdictBody](ctx, asked, client.Request{Path: verdictPath, Timeout: *within})
	if err != nil {
		return fmt.Errorf("the books are away, so nothing was compared: is the service books ready at %s, and may SHOP_SERVICE_KEY sign for it? %w", *address, err)
	}
	return v.judged(out)
}

// inServices finds the books among the services that the operator names.
func inServices(text string) (string, error) {
	if text == "" {
		return "", errors.New(`name the books by -url, or all services in SHOP_SERVICES: [{"name":"books","url":"http://…:8080"}]`)
	}
	var all []struct{ Name, URL string }
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return "", fmt.Errorf("reading SHOP_SERVICES: %w", err)
	}
	for _, s := range all {
		if s.Name == "books" {
			return s.URL, nil
		}
	}
	return "", errors.New("SHOP_SERVICES names no books: add the service books to the shop, or take this check out of it")
}

// asker asks as the service itself: nobody else may.
func asker(get func(string) string, address string) (*client.Client, error) {
	o := client.Options{Service: "books", URL: address}
	if key := get("SHOP_SERVICE_KEY"); key != "" {
		m, err := access.NewMinter([]byte(key), get("SHOP"), "books", time.Now)
		if err != nil {
			return nil, fmt.Errorf("SHOP_SERVICE_KEY %w", err)
		}
		o.Token = m.Token
	}
	return client.New(o), nil
}

// judged writes a line for each violation, and says what all of it means.
func (b verdictBody) judged(out io.Writer) error {
	for n, v := range b.Violations {
		if n == mostLines {
			fmt.Fprintf(out, "… and %d more: GET %s/violations?state=open\n", len(b.Violations)-n, root)
			break
		}
		fmt.Fprintf(out, "%s: %s: %s. %s (%s)\n", v.Object, v.Rule, v.Detail, v.Mend, v.ID)
	}
	switch {
	case len(b.Violations) > 0:
		first := b.Violations[0]
		return fmt.Errorf("the books do not balance, %d violations: %s: %s: %s. Mend them, or accept what is known: PUT %s/violations/{id}/acceptance",
			len(b.Violations), first.Object, first.Rule, first.Detail, root)
	case len(b.Away) > 0:
		return fmt.Errorf("the books were not compared, for these are away: %s", strings.Join(b.Away, ", "))
	case b.Behind && b.Complete:
		return fmt.Errorf("the books were not compared: they were read last at %s, and too much changed since. Is books-worker running?", b.ComparedAt.Format(time.RFC3339))
	case b.Behind:
		fmt.Fprintln(out, "the books are not read to their end yet: books-worker reads them when this release serves")
		return nil
	}
	fmt.Fprintln(out, "the books balance")
	return nil
}
