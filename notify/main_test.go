package notify

import (
	"os"
	"testing"
)

// The test binary is its own child, as the program is, and some other programs
// of a desktop.
func TestMain(m *testing.M) {
	if code, hidden := Apart(os.Args[1:], os.Stdin, os.Stdout, os.Getenv); hidden {
		os.Exit(code)
	}
	switch {
	case len(os.Args) == 2 && os.Args[1] == bareParent:
		os.Exit(bareMain())
	case len(os.Args) == 3 && os.Args[1] == briefServer:
		os.Exit(briefMain(os.Args[2]))
	}
	os.Exit(m.Run())
}
