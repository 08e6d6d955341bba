package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/provider"
)

// serviceProbe is what the sandbox of the service is tried with, in it.
func (a *app) serviceProbe() *cobra.Command {
	return &cobra.Command{
		Use:    "probe",
		Short:  "Say whether this process runs in the sandbox of the service",
		Hidden: true,
		Long: `Ends with 0 where the process cannot write outside of its folders and can do all
that the daemon does, and with 1 and a word where not. "quotad service install
--sandbox" and "quotad doctor" run it under what the sandbox forbids.`,
		Example: "  quotad service probe",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return a.probeSandbox() },
	}
}

func (a *app) probeSandbox() error {
	paths, err := a.paths()
	if err != nil {
		return err
	}
	for _, look := range []func() error{
		knowsSelf, selfAdmitted,
		func() error { return readOnly(a.env("HOME")) },
		func() error { return writable(paths.StateDir) },
		a.keysReadable,
	} {
		if err := look(); err != nil {
			return failed("", "%v", err)
		}
	}
	return nil
}

// knowsSelf makes sure of a user namespace that knows this user and no other,
// by its own number.
func knowsSelf() error {
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return fmt.Errorf("there are no user namespaces here: %w", err)
	}
	uid := strconv.Itoa(os.Getuid())
	if got := strings.Fields(string(text)); !slices.Equal(got, []string{uid, uid, "1"}) {
		return fmt.Errorf("systemd makes no user namespace of this user's own (its users are %q)", strings.Join(got, " "))
	}
	return nil
}

// selfAdmitted makes sure that the daemon would know its own user again.
func selfAdmitted() error {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(ends[0]), "socket")
	defer f.Close()
	defer unix.Close(ends[1])
	c, err := net.FileConn(f)
	if err != nil {
		return err
	}
	defer c.Close()
	return api.Admitted(c)
}

// readOnly makes sure that nothing can be written to a folder of this user's.
func readOnly(dir string) error {
	switch err := unix.Access(dir, unix.W_OK); {
	case errors.Is(err, unix.EROFS):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", dir, err)
	}
	return fmt.Errorf("systemd does not make %s read-only", dir)
}

func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// keysReadable makes sure of the configuration and the key files it names.
func (a *app) keysReadable() error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(settings.Providers)) {
		p := settings.Providers[name]
		if !p.Enabled || p.KeyFile == "" {
			continue
		}
		if err := provider.Keys(daemon.KeyOptions(name, p, a.env)).Check(); err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
	}
	return nil
}
