package quota

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws more cases than rapid does by itself: the orders that matter
// are rare among all there are. A -rapid.checks on the command line wins.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
