package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"quotad/config"
	"quotad/daemon"
	"quotad/daemon/provider"
)

// usualKeyFile is where a key may be where nothing else is said.
const usualKeyFile = "~/.config/quotad/zai.key"

// checkKeyFile takes the name of a file, and never a key: arguments are seen by
// all, and kept by shells.
func (s *setup) checkKeyFile() (err error) {
	if s.keyFile == "" {
		return nil
	}
	if s.provider == answeredNo {
		return usage("quotad setup --help", "--key-file and --no-provider exclude each other")
	}
	s.provider = answeredYes
	if s.keyFile, err = keyPath(s.keyFile); err != nil {
		return usage("quotad setup --help", "--key-file: %v", err)
	}
	return nil
}

// keyPath is the path of a key file as the configuration takes it.
func keyPath(text string) (string, error) {
	if strings.HasPrefix(text, "~/") || filepath.IsAbs(text) {
		return text, nil
	}
	path, err := filepath.Abs(text)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil && !strings.ContainsRune(text, filepath.Separator) {
		return "", errors.New("there is no such file here: name the file that holds the key; the key itself has no place on a command line")
	}
	return path, nil
}

// askProvider asks whether the provider's own figures are to be read, and where
// the key is.
func (s *setup) askProvider() error {
	now := s.settings.Providers[s.account]
	if s.provider == unanswered && !now.Enabled && !s.yes {
		fmt.Fprintln(s.stderr, "\nquotad can read the provider's own figures, every few minutes, with the key of your plan.")
		fmt.Fprintln(s.stderr, "It costs no quota. The key stays in a file that only you can read.")
		yes, err := s.confirm("Read them?", false)
		if err != nil {
			return err
		}
		if yes {
			s.provider = answeredYes
		}
	}
	if s.provider != answeredYes || s.keyFile != "" || s.yes || now.KeyFile != "" || len(now.KeyCommand) > 0 {
		return nil
	}
	for {
		text, err := s.ask("File that holds the key, or is to hold it [" + usualKeyFile + "]:")
		if err != nil {
			return err
		}
		if text == "" {
			text = usualKeyFile
		}
		if s.keyFile, err = keyPath(text); err == nil {
			return nil
		}
		fmt.Fprintln(s.stderr, err)
	}
}

// providerChanges are the settings that the answers come to, in order.
func (s *setup) providerChanges() (list [][2]string) {
	now := s.settings.Providers[s.account]
	if s.keyFile != "" && s.keyFile != now.KeyFile {
		list = append(list, [2]string{"provider.key_file", s.keyFile})
	}
	if s.provider == answeredYes && !now.Enabled {
		list = append(list, [2]string{"provider.enabled", "true"})
	}
	if s.provider == answeredNo && now.Enabled {
		list = append(list, [2]string{"provider.enabled", "false"})
	}
	return list
}

// sayKey says how to put the key where it is looked for, where it is not there.
func (s *setup) sayKey() {
	settings, err := s.app.settings()
	now := settings.Providers[s.account]
	if err != nil || s.provider != answeredYes || now.KeyFile == "" {
		return
	}
	path := config.ExpandHome(now.KeyFile, s.env("HOME"))
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(s.stdout, "\nThe key is not there yet. Put it there, paste it, then Enter and Ctrl-D:\n  install -D -m 600 /dev/stdin %s\nThen: quotad sync\n", now.KeyFile)
		return
	}
	if err := provider.Keys(daemon.KeyOptions(s.account, now, s.env)).Check(); err != nil {
		fmt.Fprintf(s.stdout, "\nThe key cannot be used yet: %v\n", err)
	}
}
