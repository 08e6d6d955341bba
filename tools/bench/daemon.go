package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// programs are the built binaries.
type programs struct{ quotad, hello string }

const helloSource = `package main

import "os"

func main() { os.Stdout.WriteString("hello\n") }
`

func build(dir string) (programs, error) {
	p := programs{filepath.Join(dir, "quotad"), filepath.Join(dir, "hello")}
	src := filepath.Join(dir, "hello.go")
	if err := os.WriteFile(src, []byte(helloSource), 0o600); err != nil {
		return p, err
	}
	for out, pkg := range map[string]string{p.quotad: "./cmd/quotad", p.hello: src} {
		c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
		c.Dir = ".." // the module beside this one
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		c.Stderr = os.Stderr
		if err := c.Run(); err != nil {
			return p, fmt.Errorf("build %s: %w", pkg, err)
		}
	}
	return p, nil
}

// daemonAt is a running daemon in a folder of its own.
type daemonAt struct {
	cmd    *exec.Cmd
	dir    string
	socket string
	client *http.Client
	ready  time.Duration // from start to the first answer
}

// environment of every program that is measured: nothing of the user's.
func environment(dir string) []string {
	return []string{"HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "PATH=/usr/bin:/bin",
		"QUOTAD_STATE_DIR=" + dir, "QUOTAD_SOCKET=" + filepath.Join(dir, "s"),
		"ANTHROPIC_BASE_URL=https://api.z.ai/api/anthropic"}
}

// startDaemon starts the daemon in a folder of its own, with more variables in its
// environment, and waits until it answers.
func startDaemon(p programs, dir string, env ...string) (*daemonAt, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d := &daemonAt{cmd: exec.Command(p.quotad, "run"), dir: dir, socket: filepath.Join(dir, "s")}
	d.cmd.Env = append(environment(dir), env...)
	var log bytes.Buffer
	d.cmd.Stderr = &log
	d.client = client(d.socket, 64)
	begun := time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begun) < 5*time.Minute {
		if _, err := d.get("/healthz"); err == nil {
			d.ready = time.Since(begun)
			return d, nil
		}
		time.Sleep(time.Millisecond)
	}
	d.stop()
	return nil, fmt.Errorf("the daemon did not come up: %s", log.String())
}

func client(socket string, conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: conns,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
}

func (d *daemonAt) get(path string) (time.Duration, error) {
	begun := time.Now()
	resp, err := d.client.Get("http://quotad" + path)
	if err != nil {
		return 0, err
	}
	return time.Since(begun), drain(resp)
}

// all is how long an answer takes to its end.
func (d *daemonAt) all(path string) (time.Duration, error) {
	begun := time.Now()
	_, err := d.get(path)
	return time.Since(begun), err
}

func (d *daemonAt) post(c *http.Client, contentType string, body []byte) error {
	resp, err := c.Post("http://quotad/v1/events", contentType, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return drain(resp)
}

func drain(resp *http.Response) error {
	var text bytes.Buffer
	_, err := text.ReadFrom(resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", resp.Status, text.String())
	}
	return err
}

func (d *daemonAt) stop() {
	d.client.CloseIdleConnections()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
}

// proc reads one number of a file below /proc/PID.
func (d *daemonAt) proc(file, key string) (int64, error) {
	return number(fmt.Sprintf("/proc/%d/%s", d.cmd.Process.Pid, file), key)
}

func number(file, key string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s in %s", key, file)
}

// switches sums how often any thread of the daemon went to sleep by its own
// will.
func (d *daemonAt) switches() (sum int64, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", d.cmd.Process.Pid))
	for _, f := range files {
		n, err := number(f, "voluntary_ctxt_switches")
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, err
}

// pulse is how often the daemon woke within a time, and how often its threads
// went to sleep again after that: some wake others.
type pulse struct{ wakes, switches int64 }

// glance is how often it is looked whether the daemon woke; what it does within
// that is one time that it kept the machine from its rest.
const glance = 100 * time.Millisecond

// watch counts how often the daemon wakes.
func (d *daemonAt) watch(length time.Duration) (p pulse, err error) {
	first, err := d.switches()
	last := first
	for over := time.Now().Add(length); err == nil && time.Now().Before(over); time.Sleep(glance) {
		var now int64
		if now, err = d.switches(); now != last {
			p.wakes, last = p.wakes+1, now
		}
	}
	p.switches = last - first
	return p, err
}
