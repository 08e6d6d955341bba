package notify

import (
	"os"
	"testing"
)

// The test binary is its own child, as the program is, and some other programs
// of a desktop.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == ChildCommand:
		os.Exit(ChildMain(os.Stdin, os.Stdout, os.Getenv))
	case len(os.Args) == 2 && os.Args[1] == WatchCommand:
		os.Exit(WatchMain(os.Stdin, os.Stdout, os.Getenv))
	case len(os.Args) == 2 && os.Args[1] == bareParent:
		os.Exit(bareMain())
	case len(os.Args) == 3 && os.Args[1] == briefServer:
		os.Exit(briefMain(os.Args[2]))
	}
	os.Exit(m.Run())
}
