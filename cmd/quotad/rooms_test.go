package main

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages of this module that each package may import. Those at
// the edge, daemon and cmd, may import whatever is below them.
var rooms = map[string][]string{
	"quota":                        nil,
	"systemd":                      nil,
	"config":                       {"quotad/quota", "quotad/config/layout"},
	"config/layout":                nil,
	"notify":                       {"quotad/quota"},
	"daemon/store":                 {"quotad/quota"},
	"daemon/api":                   {"quotad/quota"},
	"daemon/backfill":              {"quotad/quota"},
	"daemon/hook":                  {"quotad/quota", "quotad/daemon/api"},
	"daemon/hook/install":          {"quotad/daemon/hook", "quotad/config", "quotad/config/layout"},
	"daemon/provider":              {"quotad/quota"},
	"daemon/provider/providertest": nil,
	"daemon/transcript":            {"quotad/quota"},
	"daemon":                       {"quotad/quota", "quotad/config", "quotad/notify", "quotad/daemon/store", "quotad/daemon/api", "quotad/daemon/hook", "quotad/daemon/transcript", "quotad/daemon/provider"},
}

func TestPackagesImportOnlyWhatIsBelowThem(t *testing.T) {
	for room, may := range rooms {
		files, err := filepath.Glob(filepath.Join("..", "..", room, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, path := range importsOf(t, file) {
				if strings.HasPrefix(path, "quotad/") && !slices.Contains(may, path) {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}

func importsOf(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}
