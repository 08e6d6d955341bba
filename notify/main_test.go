package notify

import (
	"os"
	"testing"
)

// The test binary is its own child, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == ChildCommand {
		os.Exit(ChildMain(os.Stdin, os.Stdout, os.Getenv))
	}
	os.Exit(m.Run())
}
