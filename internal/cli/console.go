package cli

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/kube"
)

// newConsole serves the web console on this machine, with the person's own kubeconfig. Nothing is deployed.
func newConsole(e *env) *cobra.Command {
	var port uint16
	var noOpen bool
	cmd := &cobra.Command{
		Use: "console", Aliases: []string{"dashboard"}, Args: between(0, 0),
		Short: "Open the web console on this machine, with your own rights",
		Long: "Serves the web console at 127.0.0.1 until Ctrl-C, with the rights of your kubeconfig, and opens a browser. " +
			"Only the browser that opens the printed address first gets in; nobody reaches it from another machine.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.console(cmd.Context(), port, noOpen) },
	}
	cmd.Flags().Uint16Var(&port, "port", 0, "Port at 127.0.0.1; 0: any that is free")
	cmd.Flags().BoolVar(&noOpen, "no-open", false, "Print the address, and open no browser")
	return cmd
}

func (e *env) console(ctx context.Context, port uint16, noOpen bool) error {
	config, err := e.config()
	if err != nil {
		return err
	}
	namespace, _, err := e.kubeconfig().Namespace()
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	person, err := kube.New(config, namespace, e.timer.Now)
	if err != nil {
		return err
	}
	listener, err := console.Loopback(ctx, strconv.Itoa(int(port)))
	if err != nil {
		return fmt.Errorf("listening at 127.0.0.1: %w", err)
	}
	defer listener.Close()
	_, chosen, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	code := console.Secret()
	// It asks who the person is, so a kubeconfig that logs in by a browser does so before ours is opened.
	server, err := console.New(ctx, console.Options{
		Local: person, Code: code, Hosts: console.Hosts(listener.Addr()), Port: chosen, Log: slog.New(slog.DiscardHandler), Now: e.timer.Now,
	})
	if err != nil {
		return err
	}
	e.invite(ctx, "http://127.0.0.1:"+chosen+"/start#k="+code, noOpen)
	return server.Serve(ctx, listener)
}

// invite prints the address, and opens it. What stands behind the # is sent to no server and stands in no log.
func (e *env) invite(ctx context.Context, address string, noOpen bool) {
	fmt.Fprintf(e.Out, "The console is at\n\n  %s\n\nfor one browser, until Ctrl-C.\n", address)
	if noOpen || !terminal(e.Out) {
		return
	}
	page, err := doorway(address)
	if err != nil {
		fmt.Fprintf(e.Err, "Open it yourself: %v\n", err)
		return
	}
	context.AfterFunc(ctx, func() { os.RemoveAll(filepath.Dir(page)) })
	name, args := opener(runtime.GOOS, page)
	if err := exec.CommandContext(ctx, name, args...).Start(); err != nil { //nolint:gosec // one of three programs, with a file of ours
		fmt.Fprintf(e.Err, "Open it yourself: %v\n", err)
	}
}

// doorway is a file that leads to the address, for this user's eyes only: others see the arguments of programs, where the code
// would let them in.
func doorway(address string) (string, error) {
	folder, err := os.MkdirTemp("", "emporium-console-") // nobody else may enter it
	if err != nil {
		return "", fmt.Errorf("making a page that leads there: %w", err)
	}
	path := filepath.Join(folder, "open.html")
	text := `<!doctype html><title>Emporium</title><meta http-equiv="refresh" content="0;url=` + html.EscapeString(address) + `">`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("making a page that leads there: %w", err)
	}
	return path, nil
}

// opener is what opens a file in a browser.
func opener(system, path string) (string, []string) {
	switch system {
	case "darwin":
		return "open", []string{path}
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler", path}
	}
	return "xdg-open", []string{path}
}
