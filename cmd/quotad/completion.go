package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"quotad/quota"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a completion script for a shell",
		Long: `Prints a script that makes a shell complete quotad's commands, flags and plan
ids on Tab. It needs no daemon.`,
		Example: `  # bash: once, then open a new shell (needs the package bash-completion)
  mkdir -p ~/.local/share/bash-completion/completions
  quotad completion bash >~/.local/share/bash-completion/completions/quotad

  # zsh: into a folder of $fpath
  quotad completion zsh >~/.zfunc/_quotad

  # fish
  quotad completion fish >~/.config/fish/completions/quotad.fish`,
		Args:              exactArgs(1, "the name of a shell: bash, zsh or fish"),
		ValidArgsFunction: fixedArgs("bash", "zsh", "fish"),
		Hidden:            true,
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := map[string]func(io.Writer) error{
				"bash": func(w io.Writer) error { return c.Root().GenBashCompletionV2(w, true) },
				"zsh":  c.Root().GenZshCompletion,
				"fish": func(w io.Writer) error { return c.Root().GenFishCompletion(w, true) },
			}[args[0]]
			if !ok {
				return usage("quotad completion --help", "no completion for %q: bash, zsh or fish", args[0])
			}
			return write(a.stdout)
		},
	}
}

// fixedArgs completes the first argument with one of a few words.
func fixedArgs(words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// fixedCompletion completes the value of a flag with one of a few words.
func fixedCompletion(c *cobra.Command, flag string, words ...string) {
	complete(c, flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	})
}

// complete registers a completion; only a flag that is not there can fail.
func complete(c *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// accountName is the value of --account.
type accountName string

// Set implements pflag.Value.
func (n *accountName) Set(name string) error {
	if !quota.ValidAccount(name) {
		return errors.New("an account name has 1 to 64 of a-z A-Z 0-9 . _ -")
	}
	*n = accountName(name)
	return nil
}

func (n *accountName) String() string { return string(*n) }
func (n *accountName) Type() string   { return "account" }

// accountFlag adds --account, which completes to the configured ones.
func (a *app) accountFlag(c *cobra.Command, account *string, help string) {
	c.Flags().Var((*accountName)(account), "account", help)
	complete(c, "account", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []string
		if s, err := a.settings(); err == nil {
			for _, acc := range s.Accounts {
				names = append(names, acc.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// windowFlag adds --window, which completes to the windows of any plan.
func (a *app) windowFlag(c *cobra.Command, window *string, help string) {
	c.Flags().StringVar(window, "window", "", help)
	fixedCompletion(c, "window", quota.WindowFive, quota.WindowWeek, quota.WindowMonth)
}

// planCompletions are the plans' ids, with their names.
func (a *app) planCompletions(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	plans := quota.Plans()
	if s, err := a.settings(); err == nil {
		plans = s.Plans
	}
	var ids []cobra.Completion
	for _, p := range plans {
		ids = append(ids, cobra.CompletionWithDesc(p.ID, clean(p.Name)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
