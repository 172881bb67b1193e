package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRoot has one command a line; each is in the file of its name.
func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-shop",
		Short:         "What serves, what comes, what it waits for, and what to do",
		Long:          "kubectl shop shows the shops of Emporium, and acts on them with your own rights.",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl shop"},
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage("kubectl shop has no command %q%s: kubectl shop --help lists all", args[0], suggested(cmd, args[0]))
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	e.bind(root.PersistentFlags())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%v: %s --help lists the flags", err, cmd.CommandPath())
	})
	root.AddCommand(
		newStatus(e), newTree(e), newWhy(e), newPlan(e), newDiff(e), newHistory(e), newExplain(e),
		newPromote(e), newRollback(e), newUnpin(e), newRetry(e), newPause(e), newResume(e),
		newWait(e), newLogs(e), newPreview(e), newConsole(e), newCheck(e), newVersion(e),
	)
	for _, cmd := range root.Commands() {
		if names := strings.Count(cmd.Use, " "); names > 0 && cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = e.completes(names - 1)
		}
	}
	root.InitDefaultCompletionCmd()
	return root
}

func suggested(cmd *cobra.Command, typed string) string {
	if near := cmd.SuggestionsFor(typed); len(near) > 0 {
		return " (" + strings.Join(near, ", ") + "?)"
	}
	return ""
}

// between takes that many arguments, and says which where it is called with others.
func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return usage("%s takes %s: %s --help shows how", cmd.CommandPath(), strings.TrimPrefix(cmd.Use, cmd.Name()+" "), cmd.CommandPath())
	}
}
