package notify

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAFileIsSeenToBeMade(t *testing.T) {
	dir := t.TempDir()
	bus, other := filepath.Join(dir, "bus"), filepath.Join(dir, "other")
	made := fileMade(t.Context(), bus)
	for _, make := range []func() error{
		func() error { return os.WriteFile(bus, nil, 0o600) },
		func() error { return os.Rename(other, bus) },
	} {
		if err := os.WriteFile(other, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := make(); err != nil {
			t.Fatal(err)
		}
		<-made
	}
}

func TestAFolderThatIsNotThereTellsNothing(t *testing.T) {
	for _, file := range []string{"", filepath.Join(t.TempDir(), "none", "bus")} {
		if made := fileMade(context.Background(), file); len(made) != 0 {
			t.Errorf("%q: told of a file", file)
		}
	}
}

func TestHasName(t *testing.T) {
	event := func(mask uint32, name string) []byte {
		padded := make([]byte, (len(name)+16)&^15)
		copy(padded, name)
		var b []byte
		for _, n := range []uint32{1, mask, 0, uint32(len(padded))} {
			b = binary.NativeEndian.AppendUint32(b, n)
		}
		return append(b, padded...)
	}
	for _, c := range []struct {
		what   string
		events []byte
		want   bool
	}{
		{"nothing", nil, false},
		{"another file", event(unix.IN_CREATE, "other"), false},
		{"a name that begins alike", event(unix.IN_CREATE, "bus2"), false},
		{"the file", event(unix.IN_CREATE, "bus"), true},
		{"the file after another", append(event(unix.IN_CREATE, "a-name-of-16-bytes"), event(unix.IN_MOVED_TO, "bus")...), true},
		{"events were lost", event(unix.IN_Q_OVERFLOW, ""), true},
		{"one that is cut off", event(unix.IN_CREATE, "bus")[:18], false},
		{"the head of one", event(unix.IN_CREATE, "bus")[:9], false},
	} {
		if got := hasName(c.events, "bus"); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}
