package notify

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// testBus is a session bus of our own.
type testBus struct {
	t        *testing.T
	dir      string
	services string // folder of the servers that it can start
	cmd      *exec.Cmd
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth><servicedir>%[1]s/services</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`

func newBus(t *testing.T) *testBus {
	t.Helper()
	if _, err := exec.LookPath("dbus-daemon"); err != nil {
		t.Skip("dbus-daemon is not installed: no notification server can be tried")
	}
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &testBus{t: t, dir: dir, services: filepath.Join(dir, "services")}
	if err := os.Mkdir(b.services, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conf"), fmt.Appendf(nil, busConfig, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	return b
}

// knows tells the bus a server to start when it is asked for. It is called
// before the bus starts.
func (b *testBus) knows(command string) {
	b.t.Helper()
	service := fmt.Sprintf("[D-BUS Service]\nName=%s\nExec=%s\n", serverName, command)
	if err := os.WriteFile(filepath.Join(b.services, "n.service"), []byte(service), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// start starts the bus, and returns when it listens.
func (b *testBus) start() *testBus {
	b.t.Helper()
	b.cmd = exec.Command("dbus-daemon", "--config-file="+filepath.Join(b.dir, "conf"), "--nofork", "--print-address")
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		b.t.Fatal("the bus did not start: ", err)
	}
	return b
}

func (b *testBus) stop() {
	if b.cmd != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}

// env is the environment of a session on the bus.
func (b *testBus) env(name string) string {
	switch name {
	case "XDG_RUNTIME_DIR", "HOME":
		return b.dir
	}
	return ""
}

func (b *testBus) connect() *dbus.Conn {
	b.t.Helper()
	conn, err := dbus.Connect("unix:path=" + b.dir + "/bus")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
	return conn
}

// mode is how a notification server behaves.
type mode string

const (
	records mode = "records"
	plain   mode = "plain"   // reads no markup
	hangs   mode = "hangs"   // answers nothing until it becomes another
	stalls  mode = "stalls"  // answers but does not answer Notify
	dies    mode = "dies"    // goes away in the middle of Notify
	refuses mode = "refuses" // says there are too many
	slow    mode = "slow"    // takes three seconds for Notify
	evil    mode = "evil"    // sends malformed signals in the middle of Notify
)

// testServer is a notification server that notes what it is to show.
type testServer struct {
	conn *dbus.Conn
	mu   sync.Mutex
	mode mode
	next chan struct{} // closed when the mode changes
	most int           // refuses what comes after so many; 0: shows all
	seen []string
	apps map[string]bool
}

func (b *testBus) serve(m mode) *testServer {
	b.t.Helper()
	s := &testServer{conn: b.connect(), mode: m, next: make(chan struct{}), apps: map[string]bool{}}
	if err := s.conn.Export(s, serverPath, serverName); err != nil {
		b.t.Fatal(err)
	}
	if r, err := s.conn.RequestName(serverName, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		b.t.Fatal("the name of the server is not to be had: ", r, err)
	}
	return s
}

func (s *testServer) is() mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode
}

func (s *testServer) become(m mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
	close(s.next)
	s.next = make(chan struct{})
}

// goesOn waits while the server hangs.
func (s *testServer) goesOn() {
	for {
		s.mu.Lock()
		hung, next := s.mode == hangs, s.next
		s.mu.Unlock()
		if !hung {
			return
		}
		<-next
	}
}

// refuseAfter makes the server take no more than so many; 0: any number.
func (s *testServer) refuseAfter(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = most
}

func tooMany() *dbus.Error {
	return dbus.NewError(serverName+".Error.ExcessNotificationGeneration", []any{"too many"})
}

func (s *testServer) shows() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, " / ")
}

func (s *testServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func (s *testServer) from(app string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.apps[app]
}

// Notify is called over the bus.
func (s *testServer) Notify(app string, _ uint32, icon, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	if s.most > 0 && len(s.seen) >= s.most {
		s.mu.Unlock()
		return 0, tooMany()
	}
	s.seen = append(s.seen, title+": "+body)
	s.apps[app+" "+icon] = true
	n := uint32(len(s.seen))
	s.mu.Unlock()
	switch s.is() {
	case stalls:
		select {}
	case dies:
		s.conn.Close()
	case refuses:
		return 0, tooMany()
	case slow:
		time.Sleep(3 * time.Second)
	case evil:
		_ = s.conn.Emit(serverPath, serverName+".NotificationClosed")
		_ = s.conn.Emit(serverPath, serverName+".NotificationClosed", "x", "y")
		time.Sleep(50 * time.Millisecond) // so that the signals are read before the answer
	}
	return n, nil
}

// GetCapabilities is called over the bus.
func (s *testServer) GetCapabilities() ([]string, *dbus.Error) {
	s.goesOn()
	if s.is() == plain {
		return []string{"body"}, nil
	}
	return []string{"body", "body-markup"}, nil
}

// GetServerInformation is called over the bus.
func (s *testServer) GetServerInformation() (string, string, string, string, *dbus.Error) {
	return "fake", "quotad", "7", "1.2", nil
}
