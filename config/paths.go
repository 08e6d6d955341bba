package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
)

// MaxSocket is the longest path of a Unix socket on Linux, in bytes: sun_path
// has 108, the last of which is 0.
const MaxSocket = 107

const folder = "quotad"

// Flags are the places that the command line names; empty where it names none.
type Flags struct{ Config, StateDir, Socket string }

// Paths are the absolute places of everything that quotad keeps.
type Paths struct {
	Config         string
	ConfigExplicit bool // named by flag or environment: it must be there
	StateDir       string
	Database       string
	Backups        string
	Spool          string
	Socket         string   // where the daemon listens
	Sockets        []string // where a client tries, in order
}

// FindPaths says where quotad's files are: a flag beats a QUOTAD_ variable, that
// one the XDG base directories, those $HOME. It reads no file. The error says
// which variable to set.
func FindPaths(f Flags, env func(string) string, uid int) (Paths, error) {
	var p Paths
	var err error
	if p.Config, p.ConfigExplicit, err = FindConfig(f, env); err != nil {
		return Paths{}, err
	}
	if p.StateDir, err = findState(f, env); err != nil {
		return Paths{}, err
	}
	p.Database = filepath.Join(p.StateDir, "quotad.db")
	p.Backups = filepath.Join(p.StateDir, "backups")
	p.Spool = filepath.Join(p.StateDir, "spool")
	if p.Sockets, err = findSockets(f, env, uid, p.StateDir); err != nil {
		return Paths{}, err
	}
	p.Socket = p.Sockets[0]
	if !explicitSocket(f, env) && runtimeDir(env) == "" {
		p.Socket = socketIn(p.StateDir)
	}
	if n := len(p.Socket); n > MaxSocket {
		return Paths{}, fmt.Errorf("the socket path %s is %d bytes long, and a Unix socket takes at most %d: "+
			"name a shorter one with --socket or QUOTAD_SOCKET", p.Socket, n, MaxSocket)
	}
	p.Sockets = slices.DeleteFunc(p.Sockets, func(s string) bool { return len(s) > MaxSocket })
	return p, nil
}

// FindConfig says where the configuration file is, and whether it was named by
// flag or environment.
func FindConfig(f Flags, env func(string) string) (path string, explicit bool, err error) {
	if named := cmp.Or(f.Config, env("QUOTAD_CONFIG")); named != "" {
		path, err = absolute(named)
		return path, true, err
	}
	dir, err := base(env, "XDG_CONFIG_HOME", ".config")
	if err != nil {
		return "", false, fmt.Errorf("no place for the configuration: %w, or name it with --config or QUOTAD_CONFIG", err)
	}
	return filepath.Join(dir, folder, "config.toml"), false, nil
}

func findState(f Flags, env func(string) string) (string, error) {
	if named := cmp.Or(f.StateDir, env("QUOTAD_STATE_DIR")); named != "" {
		return absolute(named)
	}
	dir, err := base(env, "XDG_STATE_HOME", filepath.Join(".local", "state"))
	if err != nil {
		return "", fmt.Errorf("no place for the database: %w, or name it with --state-dir or QUOTAD_STATE_DIR", err)
	}
	return filepath.Join(dir, folder), nil
}

// findSockets lists where a client tries. Without XDG_RUNTIME_DIR (cron, ssh, a
// container) the daemon may have been started in a session that had it, or
// in the same bare surroundings.
func findSockets(f Flags, env func(string) string, uid int, state string) ([]string, error) {
	if explicitSocket(f, env) {
		path, err := absolute(cmp.Or(f.Socket, env("QUOTAD_SOCKET")))
		return []string{path}, err
	}
	runtime := cmp.Or(runtimeDir(env), filepath.Join("/run/user", strconv.Itoa(uid)))
	return unique([]string{socketIn(filepath.Join(runtime, folder)), socketIn(state)}), nil
}

func explicitSocket(f Flags, env func(string) string) bool {
	return cmp.Or(f.Socket, env("QUOTAD_SOCKET")) != ""
}

func runtimeDir(env func(string) string) string { return xdg(env, "XDG_RUNTIME_DIR") }

func socketIn(dir string) string { return filepath.Join(dir, "quotad.sock") }

// base is an XDG base directory, or its default under $HOME.
func base(env func(string) string, name, under string) (string, error) {
	if dir := xdg(env, name); dir != "" {
		return dir, nil
	}
	home := env("HOME")
	if !filepath.IsAbs(home) {
		return "", errors.New("set HOME or " + name + " to an absolute path")
	}
	return filepath.Join(home, under), nil
}

// xdg is the value of an XDG variable; a relative one is to be ignored, as the
// XDG Base Directory Specification has it.
func xdg(env func(string) string, name string) string {
	if dir := env(name); filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	return ""
}

func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s is relative, and the working directory is gone: give an absolute path", path)
	}
	return abs, nil
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
