package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"quotad/config"
	"quotad/quota"
)

// askPlan asks which plan it is, of all there are; it guesses none. Where one
// is configured an empty answer keeps it.
func (s *setup) askPlan() error {
	if s.plan != "" || s.yes && !s.present().Assumed {
		return nil
	}
	fmt.Fprintln(s.stderr, "Which plan do you have? The page of your subscription names it.")
	for _, line := range planChoices(s.settings.Plans) {
		fmt.Fprintln(s.stderr, line)
	}
	fmt.Fprintln(s.stderr, "Where two have one name, the caps on that page tell them apart.")
	question := "Number or ID:"
	if !s.present().Assumed {
		question = "Number or ID [" + s.present().Plan.ID + "]:"
	}
	for s.plan == "" {
		text, err := s.ask(question)
		if err != nil {
			return err
		}
		if text == "" && !s.present().Assumed {
			return nil
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(s.settings.Plans) {
			text = s.settings.Plans[n-1].ID
		}
		if text == "" {
			continue
		}
		if err := s.checkPlan(text); err != nil {
			fmt.Fprintln(s.stderr, err)
			continue
		}
		s.plan = text
	}
	return nil
}

func (s *setup) checkPlan(id string) error {
	if _, ok := s.settings.Plan(id); !ok {
		return usage("quotad plans", "%q is no plan", clean(id))
	}
	return nil
}

// planChoices numbers the plans, each with its windows.
func planChoices(plans []quota.Plan) []string {
	var rows [][]string
	for i, p := range plans {
		var windows []string
		for _, w := range p.Windows {
			if w.Blocks() {
				windows = append(windows, w.Name+" "+figure(w.Cap))
			}
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), p.ID, clean(p.Name), strings.Join(windows, ", ") + " " + string(p.Unit)})
	}
	return aligned(rows, 0)
}

// askSubscribed asks when the subscription began, and says why. It may be
// skipped.
func (s *setup) askSubscribed() error {
	if s.subscribed != "" || s.yes {
		return nil
	}
	fmt.Fprintln(s.stderr, "\nWhen did the subscription begin? Week and month step from that instant. Without it")
	fmt.Fprintln(s.stderr, "they step from the first prompt that is counted, and are marked as assumed.")
	question := "Such as 2026-03-04T16:55:13+08:00, or empty to skip:"
	if at := s.present().Subscribed; !at.IsZero() {
		question = "Such as 2026-03-04T16:55:13+08:00, or empty to keep " + at.Format(time.RFC3339) + ":"
	}
	for {
		text, err := s.ask(question)
		if err != nil || text == "" {
			return err
		}
		if _, err := s.subscription(text); err != nil {
			fmt.Fprintln(s.stderr, err)
			continue
		}
		s.subscribed = text
		return nil
	}
}

// subscription reads an instant the way the configuration does.
func (s *setup) subscription(text string) (time.Time, error) {
	out, err := config.Set(s.file, nil, s.key("subscribed"), text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no instant; expected one such as 2026-03-04T16:55:13+08:00", clean(text))
	}
	parsed, err := config.Parse(s.file, out)
	if err != nil {
		return time.Time{}, err
	}
	at := parsed.Account(s.account).Subscribed
	if at.After(s.now()) {
		return at, fmt.Errorf("%s is still to come", at.Format(time.RFC3339))
	}
	return at, nil
}

// key names a setting of the account.
func (s *setup) key(name string) string { return config.AccountKey(s.account, name) }

// configure shows what is to be written, and writes it where that is agreed
// to. It reports whether anything was.
func (s *setup) configure() (bool, error) {
	old, err := os.ReadFile(s.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("cannot read the configuration: %w", err)
	}
	text, changes, err := s.changes(old)
	if err != nil {
		return false, err
	}
	if len(changes) == 0 {
		fmt.Fprintf(s.stdout, "%s: nothing to change\n", s.file)
		return false, nil
	}
	fmt.Fprintf(s.stdout, "%s will have\n", s.file)
	for _, line := range aligned(changes) {
		fmt.Fprintln(s.stdout, "  "+line)
	}
	if !s.yes {
		ok, err := s.confirm("Write it?", true)
		if err != nil {
			return false, err
		}
		if !ok {
			return false, failed("", "not agreed to; nothing was changed")
		}
	}
	if err := config.Write(s.file, text); err != nil {
		return false, fmt.Errorf("cannot write the configuration: %w", err)
	}
	fmt.Fprintf(s.stdout, "%s: written\n", s.file)
	return true, nil
}

// changes puts what was answered into the text, and lists what that changes.
func (s *setup) changes(text []byte) ([]byte, [][]string, error) {
	var changes [][]string
	set := func(name, value, was string) (err error) {
		if text, err = config.Set(s.file, text, s.key(name), value); err != nil {
			return failed("quotad config check", "%w", err)
		}
		if was != "" {
			was = "(now " + was + ")"
		}
		changes = append(changes, []string{s.key(name), "= " + value, was})
		return nil
	}
	now := s.present()
	if s.plan != "" && (now.Assumed || now.Plan.ID != s.plan) {
		was := ""
		if !now.Assumed {
			was = now.Plan.ID
		}
		if err := set("plan", s.plan, was); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range s.providerChanges() {
		if err := set(c[0], c[1], ""); err != nil {
			return nil, nil, err
		}
	}
	if s.subscribed == "" {
		return text, changes, nil
	}
	at, err := s.subscription(s.subscribed)
	if err == nil && !at.Equal(now.Subscribed) {
		was := ""
		if !now.Subscribed.IsZero() {
			was = now.Subscribed.Format(time.RFC3339)
		}
		err = set("subscribed", s.subscribed, was)
	}
	return text, changes, err
}
