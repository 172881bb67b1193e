package cli

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"
)

// programVersion is what version says, and what of the operator is known.
type programVersion struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Args: between(0, 0), Short: "The version of this program; check compares it with the operator's",
		RunE: func(*cobra.Command, []string) error {
			v := programVersion{e.version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			return e.print(shown{value: v, names: []string{v.Version}, text: func(out io.Writer, _ bool) error {
				_, err := fmt.Fprintf(out, "kubectl shop %s (%s, %s)\n", v.Version, v.Go, v.Platform)
				return err
			}})
		},
	}
}
