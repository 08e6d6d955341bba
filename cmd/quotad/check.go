package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	quiet := false
	c := &cobra.Command{
		Use:   "check",
		Short: "Tell by the exit code whether there is room",
		Long: `Exits 0 where there is room in all windows that stop work, 3 where there is
none, and 4 where no daemon answers. Prints one line that says why.`,
		Example: `  quotad check && claude
  quotad check --need 20 --quiet || echo "not enough for the night"
  quotad check --window week`,
		Args: noArgs,
	}
	read := a.needFlags(c)
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing")
	c.RunE = func(c *cobra.Command, _ []string) error {
		n, err := read()
		if err != nil {
			return err
		}
		return a.check(c.Context(), n, quiet)
	}
	return c
}

func (a *app) check(ctx context.Context, n need, quiet bool) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	all, err := n.ask(ctx, client)
	if err != nil {
		return err
	}
	v, err := n.judge(&all.Accounts[0], a.clockOf(all))
	if err != nil {
		return err
	}
	if !quiet {
		fmt.Fprintln(a.stdout, v.why)
	}
	if !v.room {
		return &failure{code: exitNoRoom, err: errors.New("")}
	}
	return nil
}
