package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/view"
)

func newExplain(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "explain [STATUS]", Args: between(0, 1), Short: "What a status means, and what to do",
		Long: "Says what a status means, and what to do. Without a name it lists all. It asks no cluster.",
		RunE: func(_ *cobra.Command, args []string) error { return e.explain(args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return reasons(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func reasons() (out []string) {
	for _, x := range view.Explanations() {
		out = append(out, string(x.Reason))
	}
	return out
}

func (e *env) explain(args []string) error {
	if len(args) == 0 {
		return e.print(shown{value: view.Explanations(), names: reasons(), text: func(out io.Writer, _ bool) error {
			for _, x := range view.Explanations() {
				fmt.Fprintf(out, "%-25s %s\n", x.Reason, x.Means)
			}
			return nil
		}})
	}
	x, known := view.Explain(args[0])
	if !known {
		return usage("there is no status %s; there are %s", args[0], strings.Join(reasons(), ", "))
	}
	return e.print(shown{value: x, names: []string{string(x.Reason)}, text: func(out io.Writer, _ bool) error {
		_, err := fmt.Fprintf(out, "%s: %s\ndo: %s\nsee %s\n", x.Reason, x.Means, x.Do, x.Page)
		return err
	}})
}
