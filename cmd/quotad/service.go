package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/systemd"
)

func (a *app) serviceCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use:   "service",
		Short: "Run quotad as a service of your systemd user manager",
		Long: `The service starts at login, is started again where it fails, and writes to the
journal (journalctl --user -u quotad). systemd holds its socket, so that nothing
a coding tool sends is lost while it restarts.`,
		Example: `  quotad service install
  quotad service status
  quotad service uninstall`,
	})
	c.AddCommand(a.serviceInstall(), a.serviceUninstall(), a.serviceStatus(), a.serviceProbe())
	return c
}

func (a *app) serviceInstall() *cobra.Command {
	var binary string
	var sandbox, noSandbox bool
	c := &cobra.Command{
		Use:   "install",
		Short: "Install the service, start it, and show the first status",
		Long: `Writes quotad.service and quotad.socket for your own user, enables and starts
them, and shows the first status. Run it again after an upgrade: what has not
changed stays as it is, and the daemon is restarted only where its program or
its unit is another.

Places that --config, --state-dir and --socket or QUOTAD_CONFIG,
QUOTAD_STATE_DIR and QUOTAD_SOCKET name are written into the unit.

With --sandbox the service runs in a user namespace of its own, where it can
write nothing but the state folder, the runtime folder and /tmp, and where keys
to other places (~/.ssh, ~/.gnupg, ~/.aws, ~/.netrc, browsers) cannot be read.
That holds for your notice command and the key_command too. Not every system
allows it; it is tried here before anything is written. Root cannot ask such a
daemon (sudo -u USER can). Once on it stays on until --no-sandbox.`,
		Example: `  quotad service install
  quotad service install --sandbox
  quotad service install --config ~/dotfiles/quotad.toml`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			wanted, err := answerOf("sandbox", sandbox, noSandbox)
			if err != nil {
				return err
			}
			return a.installService(c.Context(), binary, wanted)
		},
	}
	c.Flags().StringVar(&binary, "binary", "", "`program` the service runs (default this one)")
	c.Flags().BoolVar(&sandbox, "sandbox", false, "run it in a user namespace of its own, if that works here")
	c.Flags().BoolVar(&noSandbox, "no-sandbox", false, "take that away again")
	return c
}

// answerWithin is how long a started daemon may take to answer.
const answerWithin = 15 * time.Second

// installService brings the service up from whatever there is.
func (a *app) installService(ctx context.Context, binary string, sandbox answer) error {
	u, err := a.userService()
	if err != nil {
		return err
	}
	units, program, err := u.units(binary)
	if err != nil {
		return err
	}
	if _, err := a.settings(); err != nil { // the service would fail on it
		return err
	}
	if err := u.reach(ctx); err != nil {
		return err
	}
	if err := u.free(ctx); err != nil {
		return err
	}
	if err := u.addSandbox(ctx, units, sandbox); err != nil {
		return err
	}
	changed, err := u.write(units)
	if err != nil {
		return err
	}
	if err := u.bringUp(ctx, program, changed); err != nil {
		return err
	}
	return u.firstStatus(ctx)
}

// userService is the service of the user who runs this.
type userService struct {
	*app
	systemctl
	paths config.Paths
	dir   string // of the unit files
}

func (a *app) userService() (*userService, error) {
	if err := notBySudo(os.Geteuid(), a.env("SUDO_USER")); err != nil {
		return nil, err
	}
	paths, err := a.paths()
	if err != nil {
		return nil, err
	}
	dir, err := unitDir(a.env)
	if err != nil {
		return nil, err
	}
	return &userService{app: a, systemctl: newSystemctl(a.env, os.Getuid()), paths: paths, dir: dir}, nil
}

// unitDir is where systemd looks for the units of a user.
func unitDir(env func(string) string) (string, error) {
	dir := env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(env("HOME"), ".config")
	}
	if !filepath.IsAbs(dir) {
		return "", failed("", "no place for the units: set HOME or XDG_CONFIG_HOME to an absolute path")
	}
	return filepath.Join(dir, "systemd", "user"), nil
}

// notBySudo refuses what was meant for another user than root.
func notBySudo(uid int, sudoer string) error {
	if uid == 0 && sudoer != "" && sudoer != "root" {
		return failed("quotad service --help", "with sudo this is the service of root, and not that of %s: run it without", sudoer)
	}
	return nil
}

// units gives the text of the unit files and the program that they start.
func (u *userService) units(binary string) (map[string][]byte, string, error) {
	program, err := serviceProgram(binary)
	if err != nil {
		return nil, "", err
	}
	units, err := systemd.Units(systemd.Command{Binary: program, Args: u.arguments(), Socket: u.socketArgument()})
	if err != nil {
		return nil, "", failed("", "no unit can be written: %v", err)
	}
	return units, program, nil
}

// arguments carry over what the user manager's environment does not tell.
// XDG_CONFIG_HOME needs none: without the same one systemd finds no unit.
func (u *userService) arguments() []string {
	var args []string
	if u.paths.ConfigExplicit {
		args = append(args, "--config", u.paths.Config)
	}
	home := filepath.Join(u.env("HOME"), ".local", "state", "quotad")
	if u.paths.StateDir != home {
		args = append(args, "--state-dir", u.paths.StateDir)
	}
	if socket := u.socketArgument(); socket != "" {
		args = append(args, "--socket", socket)
	}
	return args
}

// socketArgument is the socket that flag or environment names.
func (u *userService) socketArgument() string {
	if u.socket == "" && u.env("QUOTAD_SOCKET") == "" {
		return ""
	}
	return u.paths.Socket
}

// free makes sure that no other quotad, started by hand, has the socket:
// systemd would take the file away from it.
func (u *userService) free(ctx context.Context) error {
	for _, unit := range []string{systemd.Socket, systemd.Service} {
		state, err := u.show(ctx, unit)
		switch {
		case err != nil:
			return err
		case state.Load == "masked":
			return failed("systemctl --user unmask "+unit, "%s is masked", unit)
		case state.running():
			return nil // it is ours
		}
	}
	for _, path := range u.paths.Sockets {
		c, err := net.DialTimeout("unix", path, time.Second)
		if err != nil {
			continue
		}
		c.Close()
		return failed("end it (Ctrl-C where it runs), then: quotad service install", "another quotad answers at %s", path)
	}
	return nil
}

// write puts the unit files in place, takes a sandbox away that is none of them, and reports whether one is new or another.
func (u *userService) write(units map[string][]byte) (changed bool, err error) {
	for _, name := range []string{systemd.Service, systemd.Socket, systemd.Sandbox} {
		if units[name] == nil {
			continue
		}
		path := filepath.Join(u.dir, name)
		old, err := os.ReadFile(path)
		if err == nil && string(old) == string(units[name]) {
			fmt.Fprintf(u.stdout, "%s: unchanged\n", path)
			continue
		}
		if err := config.Write(path, units[name]); err != nil {
			return changed, failed("", "cannot write the unit: %v", err)
		}
		fmt.Fprintf(u.stdout, "%s: written\n", path)
		changed = true
	}
	if units[systemd.Sandbox] != nil {
		return changed, nil
	}
	dropped, err := u.dropSandbox()
	if err != nil {
		return changed, failed("", "cannot take the sandbox away: %v", err)
	}
	return changed || dropped, nil
}

// firstStatus waits for the daemon and shows what it says.
func (u *userService) firstStatus(ctx context.Context) error {
	sockets := u.paths.Sockets
	if u.socketArgument() == "" {
		sockets = []string{filepath.Join(u.runtimeDir, "quotad", "quotad.sock")}
	}
	client := api.Client{Sockets: sockets, Timeout: answerWithin}
	all, err := client.Status(ctx, "")
	for end := time.Now().Add(answerWithin); noDaemon(err) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(50 * time.Millisecond)
		all, err = client.Status(ctx, "")
	}
	if err != nil {
		return failed(journalHint, "the service runs and does not answer: %v", err)
	}
	fmt.Fprintln(u.stdout)
	return u.printStatus(cleanStatuses(all))
}
