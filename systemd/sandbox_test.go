package systemd

import (
	"slices"
	"strings"
	"testing"
)

var home = Places{Home: "/home/u", Runtime: "/run/user/1000", State: "/home/u/.local/state/quotad"}

func dropIn(t *testing.T, p Places) string {
	t.Helper()
	text, err := SandboxDropIn(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheStateFolderIsWritableInTheSandbox(t *testing.T) {
	for _, tt := range []struct{ name, state, want string }{
		{"the usual one follows the home folder", home.State, "%h/.local/state/quotad"},
		{"another is named", "/srv/quotad", "/srv/quotad"},
		{"a space asks for quotes", "/srv/my data", `"/srv/my data"`},
		{"a percent sign is no specifier", "/srv/100%h", `"/srv/100%%h"`},
		{"a dollar sign is no variable", "/srv/$HOME", `"/srv/$HOME"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := dropIn(t, Places{Home: home.Home, State: tt.state})
			if got := setting(text, "ReadWritePaths"); !slices.Contains(got, tt.want) {
				t.Errorf("ReadWritePaths=%q, want one %q", got, tt.want)
			}
			if got := setting(text, "ExecStartPre"); !slices.Equal(got, []string{"+:mkdir -p " + tt.want}) {
				t.Errorf("ExecStartPre=%q makes another folder than %s", got, tt.want)
			}
		})
	}
}

func TestStateFoldersTheDropInCannotCarry(t *testing.T) {
	for _, tt := range []struct{ name, state, want string }{
		{"a relative one", "state", "not an absolute path"},
		{"a quote", `/a"b`, "a quote or a backslash"},
		{"a backslash, which is kept where paths are listed", `/a\b`, "a quote or a backslash"},
		{"a line break", "/a\nb", "control character"},
	} {
		if text, err := SandboxDropIn(Places{Home: "/home/u", State: tt.state}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q (%s)", tt.name, err, tt.want, text)
		}
	}
}

// The trial has to be of what is written, in other words for systemd-run.
func TestTheTrialIsOfTheUnitAndTheDropIn(t *testing.T) {
	service, _ := units(t, Command{Binary: "/q"})
	got := Trial(home)
	for _, want := range []string{
		"PrivateUsers=yes", "ProtectSystem=strict", "ReadWritePaths=/home/u/.local/state/quotad",
		"ReadWritePaths=/run/user/1000 /tmp /var/tmp", "NoNewPrivileges=yes", "SystemCallFilter=@system-service",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not tried", want)
		}
	}
	for _, line := range got {
		name, value, _ := strings.Cut(line, "=")
		if setting(service+dropIn(t, home), name) == nil {
			t.Errorf("%s is tried, and is in neither file", line)
		}
		if strings.Contains(value, "%") {
			t.Errorf("%s has a specifier, which systemd-run does not know", line)
		}
	}
	for line := range strings.Lines(dropIn(t, home)) {
		name, _, set := strings.Cut(line, "=")
		tried := func(p string) bool { return strings.HasPrefix(p, name+"=") }
		if set && !strings.HasPrefix(line, "#") && name != "ExecStartPre" && !slices.ContainsFunc(got, tried) {
			t.Errorf("%s is written, and not tried", name)
		}
	}
}

func TestTheTrialQuotesPlaces(t *testing.T) {
	got := Trial(Places{Home: "/home/Jo Doe", Runtime: "/run/user/1000", State: "/srv/100%h a"})
	for _, want := range []string{`ReadWritePaths="/srv/100%h a"`} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
	ssh := func(p string) bool {
		return strings.HasPrefix(p, `InaccessiblePaths="-/home/Jo Doe/.ssh" "-/home/Jo Doe/.gnupg"`)
	}
	if !slices.ContainsFunc(got, ssh) {
		t.Errorf("the keys of Jo Doe are not hidden by %q", got)
	}
}
