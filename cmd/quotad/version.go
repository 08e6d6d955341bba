package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by a release: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// build is what is known about this program.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the source; "" where it is not known
	Modified bool   `json:"modified"` // the source was not as committed
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// thisBuild asks the program about itself.
func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; version == "dev" && v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// versionName is the version in one word.
func versionName() string { return thisBuild().Version }

func (b build) String() string {
	text := fmt.Sprintf("quotad %s (%s, %s/%s", b.Version, b.Go, b.OS, b.Arch)
	if b.Revision != "" {
		text += ", revision " + b.Revision[:min(len(b.Revision), 12)]
	}
	if b.Modified {
		text += ", modified"
	}
	return text + ")"
}

func (a *app) versionCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  quotad version\n  quotad version --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return a.encode(thisBuild())
			}
			_, err := fmt.Fprintln(a.stdout, thisBuild())
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}
