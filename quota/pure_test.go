package quota

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// impure are packages of the standard library that reach the world outside.
var impure = []string{"os", "net", "syscall", "io/ioutil", "database", "log", "runtime", "plugin", "testing", "math/rand", "crypto/rand", "unsafe"}

// clocks are what reads a clock, or waits for one, in package time.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"}

func TestThePackageIsPure(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.go") })
	if len(names) < 10 {
		t.Fatalf("only %d files were looked at", len(names))
	}
	files := token.NewFileSet()
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); !isPure(path) {
				t.Errorf("%s imports %s", files.Position(spec.Pos()), path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && readsClock(s) {
				t.Errorf("%s uses time.%s: time comes in as a value", files.Position(s.Pos()), s.Sel.Name)
			}
			return true
		})
	}
}

// isPure reports whether a package is of the standard library (whose paths
// have no dot, and this module's name does not begin them) and keeps to itself.
func isPure(path string) bool {
	if path == "net/url" { // takes text apart, and knows no network
		return true
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "quotad" && !slices.Contains(impure, first) && !slices.Contains(impure, path)
}

func readsClock(s *ast.SelectorExpr) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "time" && slices.Contains(clocks, s.Sel.Name)
}
