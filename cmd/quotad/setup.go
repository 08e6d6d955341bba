package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/quota"
)

// setupFlags are what setup was told; what was not is asked for.
type setupFlags struct {
	account, plan, subscribed string
	binary                    string // that tools and service call; "": this one
	keyFile                   string // of the provider's key; "": not said
	hooks, service, provider  answer
	yes                       bool
}

// answer is yes or no to a question, or not given yet.
type answer int

const (
	unanswered answer = iota
	answeredYes
	answeredNo
)

func (a *app) setupCommand() *cobra.Command {
	f := setupFlags{account: quota.DefaultAccount}
	var hooks, noHooks, service, noService, reads, noReads bool
	c := &cobra.Command{
		Use:   "setup",
		Short: "Ask for plan and subscription, and set all up",
		Long: `Asks on a terminal, or takes as flags, which plan you have and when it began,
writes both to the configuration, has your coding tools report their prompts
(see quotad hooks install --help), and installs the service. On a terminal it
offers to read the provider's own figures too (see quotad sync --help): without
one, or with --yes, only --provider or --key-file has them read. Run it again at
any time: what is there stays.

Without a terminal --plan, --hooks or --no-hooks, and --service or --no-service
are needed; --yes stands for --hooks, --service, and yes to every question.`,
		Example: `  quotad setup
  quotad setup --plan v2/pro --subscribed 2026-03-04T16:55:13+08:00 --yes
  quotad setup --plan v2/lite --no-hooks --no-service
  quotad setup --key-file ~/.config/quotad/zai.key --yes`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if f.hooks, err = answerOf("hooks", hooks, noHooks); err != nil {
				return err
			}
			if f.service, err = answerOf("service", service, noService); err != nil {
				return err
			}
			if f.provider, err = answerOf("provider", reads, noReads); err != nil {
				return err
			}
			s := setup{app: a, setupFlags: f, install: func(ctx context.Context) error { return a.installService(ctx, f.binary, unanswered) }}
			return s.run(c.Context())
		},
	}
	flags := c.Flags()
	a.accountFlag(c, &f.account, "set up this `account`")
	flags.StringVar(&f.plan, "plan", "", "`ID` of your plan; quotad plans lists them")
	flags.StringVar(&f.subscribed, "subscribed", "", "`time` the subscription began, such as 2026-03-04T16:55:13+08:00")
	flags.BoolVar(&hooks, "hooks", false, "put quotad into the settings of the coding tools that are here")
	flags.BoolVar(&noHooks, "no-hooks", false, "leave the settings of tools alone")
	flags.BoolVar(&service, "service", false, "install the systemd user service and start it")
	flags.BoolVar(&noService, "no-service", false, "install no service")
	flags.BoolVar(&reads, "provider", false, "have the provider's own figures read")
	flags.BoolVar(&noReads, "no-provider", false, "do not have them read")
	flags.StringVar(&f.keyFile, "key-file", "", "`file` that holds the provider's key, with mode 0600; has its figures read")
	flags.StringVar(&f.binary, "binary", "", "`program` that the tools call and the service runs (default this one)")
	flags.BoolVarP(&f.yes, "yes", "y", false, "yes to every question")
	complete(c, "plan", a.planCompletions)
	return c
}

func answerOf(name string, yes, no bool) (answer, error) {
	switch {
	case yes && no:
		return unanswered, usage("", "--%s and --no-%s exclude each other", name, name)
	case yes:
		return answeredYes, nil
	case no:
		return answeredNo, nil
	}
	return unanswered, nil
}

// setup is one run of it.
type setup struct {
	*app
	setupFlags
	install func(context.Context) error // the service

	settings config.Settings // before
	file     string          // the configuration
}

func (s *setup) run(ctx context.Context) (err error) {
	if s.settings, err = s.app.settings(); err != nil {
		return err
	}
	if s.file, _, err = s.configPath(); err != nil {
		return err
	}
	if err := s.checkFlags(); err != nil {
		return err
	}
	if err := s.askPlan(); err != nil {
		return err
	}
	if err := s.askSubscribed(); err != nil {
		return err
	}
	if err := s.askProvider(); err != nil {
		return err
	}
	changed, err := s.configure()
	if err != nil {
		return err
	}
	hooked := s.installHooks()
	if f := (*spoiledError)(nil); hooked != nil && !errors.As(hooked, &f) {
		return hooked
	}
	if err := s.serve(ctx, changed); err != nil {
		return err
	}
	s.sayKey()
	return hooked
}

// checkFlags complains of what is wrong before anything is asked, and without
// a terminal of what is missing.
func (s *setup) checkFlags() error {
	if s.plan != "" {
		if err := s.checkPlan(s.plan); err != nil {
			return err
		}
	}
	if s.subscribed != "" {
		if _, err := s.subscription(s.subscribed); err != nil {
			return usage("quotad setup --help", "--subscribed: %v", err)
		}
	}
	if err := s.checkKeyFile(); err != nil {
		return err
	}
	if s.yes {
		s.hooks, s.service = max(s.hooks, answeredYes), max(s.service, answeredYes)
	}
	if s.asks() {
		return nil
	}
	var missing []string
	if s.plan == "" && s.present().Assumed {
		missing = append(missing, "--plan ID")
	}
	if s.hooks == unanswered {
		missing = append(missing, "--hooks or --no-hooks")
	}
	if s.service == unanswered {
		missing = append(missing, "--service or --no-service")
	}
	if len(missing) > 0 {
		return usage("quotad setup --help; quotad plans lists the plans", "no terminal to ask on; give %s", strings.Join(missing, ", "))
	}
	s.yes = true // all that could be asked is answered
	return nil
}

// present is the account as it is configured, or assumed.
func (s *setup) present() quota.Account { return s.settings.Account(s.account) }

// question asks for yes or no where that was not answered by a flag.
func (s *setup) question(given answer, text string) (bool, error) {
	if given != unanswered {
		return given == answeredYes, nil
	}
	return s.confirm(text, true)
}

// serve installs the service, or says how to start the daemon.
func (s *setup) serve(ctx context.Context, changed bool) error {
	install, err := s.question(s.service, "Install quotad as a service of your user, and start it?")
	if err != nil {
		return err
	}
	if !install {
		fmt.Fprintln(s.stdout, "\nThe daemon has to run for anything to be counted. Start it with: quotad run")
		if changed {
			fmt.Fprintln(s.stdout, "One that runs already takes the configuration with SIGHUP.")
		}
		return nil
	}
	fmt.Fprintln(s.stdout)
	reload := changed && s.serviceRuns(ctx)
	if err := s.install(ctx); err != nil {
		return err
	}
	if !reload {
		return nil
	}
	u, err := s.userService()
	if err != nil {
		return err
	}
	if _, err := u.do(ctx, askWithin, "reload", "quotad.service"); err != nil {
		return failed("systemctl --user restart quotad", "the daemon does not take the configuration: %v", err)
	}
	fmt.Fprintln(s.stdout, "quotad.service: took the configuration")
	return nil
}

// serviceRuns reports whether the service was up before it is installed.
func (s *setup) serviceRuns(ctx context.Context) bool {
	u, err := s.userService()
	if err != nil {
		return false
	}
	state, err := u.show(ctx, "quotad.service")
	return err == nil && state.running()
}
