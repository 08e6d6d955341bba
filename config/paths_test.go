package config

import (
	"reflect"
	"strings"
	"testing"
)

func envOf(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestFindPaths(t *testing.T) {
	for _, c := range []struct {
		title string
		flags Flags
		env   []string
		want  Paths
	}{
		{
			"with a home alone everything is under it, and the daemon listens in the state dir",
			Flags{}, []string{"HOME", "/h"},
			Paths{
				Config: "/h/.config/quotad/config.toml", StateDir: "/h/.local/state/quotad",
				Socket:  "/h/.local/state/quotad/quotad.sock",
				Sockets: []string{"/run/user/7/quotad/quotad.sock", "/h/.local/state/quotad/quotad.sock"},
			},
		},
		{
			"the XDG directories beat the home",
			Flags{}, []string{"HOME", "/h", "XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s", "XDG_RUNTIME_DIR", "/r"},
			Paths{
				Config: "/c/quotad/config.toml", StateDir: "/s/quotad",
				Socket:  "/r/quotad/quotad.sock",
				Sockets: []string{"/r/quotad/quotad.sock", "/s/quotad/quotad.sock"},
			},
		},
		{
			"the usual runtime dir is tried once",
			Flags{}, []string{"HOME", "/h", "XDG_RUNTIME_DIR", "/run/user/7"},
			Paths{
				Config: "/h/.config/quotad/config.toml", StateDir: "/h/.local/state/quotad",
				Socket:  "/run/user/7/quotad/quotad.sock",
				Sockets: []string{"/run/user/7/quotad/quotad.sock", "/h/.local/state/quotad/quotad.sock"},
			},
		},
		{
			"relative XDG directories are as good as none",
			Flags{}, []string{"HOME", "/h", "XDG_CONFIG_HOME", "c", "XDG_STATE_HOME", "./s", "XDG_RUNTIME_DIR", "r"},
			Paths{
				Config: "/h/.config/quotad/config.toml", StateDir: "/h/.local/state/quotad",
				Socket:  "/h/.local/state/quotad/quotad.sock",
				Sockets: []string{"/run/user/7/quotad/quotad.sock", "/h/.local/state/quotad/quotad.sock"},
			},
		},
		{
			"QUOTAD variables beat XDG, need no home, and name the one socket",
			Flags{}, []string{"XDG_CONFIG_HOME", "/c", "QUOTAD_CONFIG", "/q/c.toml", "QUOTAD_STATE_DIR", "/q/s/", "QUOTAD_SOCKET", "/q/x.sock"},
			Paths{
				Config: "/q/c.toml", ConfigExplicit: true, StateDir: "/q/s",
				Socket: "/q/x.sock", Sockets: []string{"/q/x.sock"},
			},
		},
		{
			"flags beat QUOTAD variables",
			Flags{Config: "/f/c.toml", StateDir: "/f/s", Socket: "/f/x.sock"},
			[]string{"QUOTAD_CONFIG", "/q/c.toml", "QUOTAD_STATE_DIR", "/q/s", "QUOTAD_SOCKET", "/q/x.sock"},
			Paths{
				Config: "/f/c.toml", ConfigExplicit: true, StateDir: "/f/s",
				Socket: "/f/x.sock", Sockets: []string{"/f/x.sock"},
			},
		},
		{
			"a place too long for a socket is not tried",
			Flags{StateDir: "/" + strings.Repeat("s", 100)}, []string{"HOME", "/h", "XDG_RUNTIME_DIR", "/r"},
			Paths{
				Config: "/h/.config/quotad/config.toml", StateDir: "/" + strings.Repeat("s", 100),
				Socket:  "/r/quotad/quotad.sock",
				Sockets: []string{"/r/quotad/quotad.sock"},
			},
		},
	} {
		t.Run(c.title, func(t *testing.T) {
			c.want.Database = c.want.StateDir + "/quotad.db"
			c.want.Backups = c.want.StateDir + "/backups"
			c.want.Spool = c.want.StateDir + "/spool"
			got, err := FindPaths(c.flags, envOf(c.env...), 7)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestFindPathsSaysWhatToSet(t *testing.T) {
	long := "/" + strings.Repeat("x", MaxSocket)
	for _, c := range []struct {
		title string
		flags Flags
		env   []string
		want  string
	}{
		{"no home", Flags{}, nil, "set HOME or XDG_CONFIG_HOME"},
		{"a relative home", Flags{}, []string{"HOME", "h"}, "set HOME or XDG_CONFIG_HOME"},
		{"no home for the state", Flags{Config: "/c"}, nil, "set HOME or XDG_STATE_HOME"},
		{"a socket flag of 108 bytes", Flags{Socket: long}, []string{"HOME", "/h"}, "108 bytes long, and a Unix socket takes at most 107"},
		{"a runtime dir that is too long", Flags{}, []string{"HOME", "/h", "XDG_RUNTIME_DIR", long}, "at most 107"},
		{"a state dir that is too long to listen in", Flags{StateDir: long}, []string{"HOME", "/h"}, "at most 107"},
	} {
		t.Run(c.title, func(t *testing.T) {
			_, err := FindPaths(c.flags, envOf(c.env...), 7)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant  ...%s...", err, c.want)
			}
		})
	}
	if _, err := FindPaths(Flags{Socket: long[:MaxSocket]}, envOf("HOME", "/h"), 7); err != nil {
		t.Errorf("107 bytes fit: %v", err)
	}
}

func TestRelativeFlagsAreMadeAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	p, err := FindPaths(Flags{Config: "c.toml", StateDir: "s", Socket: "x.sock"}, envOf(), 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{p.Config, p.StateDir, p.Socket} {
		if !strings.HasPrefix(path, "/") {
			t.Errorf("%s is not absolute", path)
		}
	}
}
