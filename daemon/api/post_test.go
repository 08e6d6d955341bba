package api

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"quotad/quota"
)

func TestPost(t *testing.T) {
	soon := func() time.Time { return time.Now().Add(10 * time.Second) }
	line := EncodeEvent(quota.Event{ID: "a", At: testNow})
	for _, c := range []struct {
		name    string
		backend *memory
		line    []byte
		want    Delivery
		words   string
	}{
		{"an event is taken", &memory{}, line, Delivered, ""},
		{"a repeat is taken too", &memory{seqs: map[string]uint64{"a": 1}}, line, Delivered, ""},
		{"an event of the future is refused", &memory{}, EncodeEvent(quota.Event{ID: "a", At: testNow.Add(time.Hour)}), Refused, "in the future"},
		{"a bad one is refused", &memory{}, []byte(`{"count":"x"}`), Refused, "count: "},
		{"one too large is refused", &memory{}, []byte(strings.Repeat(" ", MaxBody+1)), Refused, "8 MiB"},
		{"a full disk leaves it undelivered", &memory{fail: errDiskFull}, line, Undelivered, "no space"},
		{"a failure of ours leaves it undelivered", &memory{fail: Errorf(Internal, "broken")}, line, Undelivered, "broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			receipt, err := Post([]string{serve(t, c.backend)}, c.line, soon())
			got := receipt.Delivery
			if got != c.want || (err == nil) != (c.want == Delivered) || err != nil && !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestPostWhereNobodyAnswers(t *testing.T) {
	var none *NoDaemonError
	got, err := Post([]string{filepath.Join(shortDir(t), "s")}, []byte("{}"), time.Now().Add(time.Second))
	if got.Delivery != Undelivered || !errors.As(err, &none) {
		t.Errorf("no socket: %v, %v", got, err)
	}
	path := filepath.Join(shortDir(t), "s")
	ln, err := net.Listen("unix", path)
	must(t, err)
	defer ln.Close()
	start := time.Now()
	got, err = Post([]string{path}, []byte("{}"), time.Now().Add(50*time.Millisecond))
	if got.Delivery != Undelivered || err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("a daemon that hangs: %v, %v after %v", got, err, time.Since(start))
	}
}

func TestPostToAnotherUsersDaemonLeavesItUndelivered(t *testing.T) {
	socket := serve(t, &memory{}, func(s *Server) { s.peer = func(net.Conn) verdict { return otherUser } })
	if got, err := Post([]string{socket}, []byte("{}"), time.Now().Add(10*time.Second)); got.Delivery != Undelivered || err == nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// Somebody else may have been first at a socket in a folder such as /tmp.
func TestAnotherUsersDaemonIsToldNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be others")
	}
	dir := shortDir(t)
	must(t, os.Chmod(dir, 0o777))
	const me, somebody = 65533, 65534
	for _, c := range []struct {
		whose uint32
		told  bool
	}{{somebody, false}, {me, true}, {0, true}} {
		path := filepath.Join(dir, fmt.Sprint(c.whose))
		var ln net.Listener
		asUser(t, c.whose, func() (err error) { ln, err = net.Listen("unix", path); return err })
		must(t, os.Chmod(path, 0o777))
		heard := make(chan int, 2)
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				n, _ := conn.Read(make([]byte, 100))
				heard <- n
				conn.Close()
			}
		}()
		asUser(t, me, func() error {
			soon := time.Now().Add(10 * time.Second)
			got, err := Post([]string{path}, []byte(`{"project":"/home/u/secret"}`), soon)
			if got.Delivery != Undelivered || err == nil || !c.told && !strings.Contains(err.Error(), "belongs to another user (uid 65534)") {
				t.Errorf("of user %d: %v, %v", c.whose, got, err)
			}
			if _, err := GetStatus([]string{path}, "work", soon); err == nil {
				t.Errorf("of user %d: there is a status", c.whose)
			}
			return nil
		})
		for range 2 {
			if n := <-heard; n > 0 != c.told {
				t.Errorf("of user %d: it was told %d bytes", c.whose, n)
			}
		}
		ln.Close()
	}
}

// asUser runs f as another user, on a thread that ends with it.
func asUser(t *testing.T, uid uint32, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		id := uintptr(uid)
		if _, _, no := syscall.RawSyscall(syscall.SYS_SETRESUID, id, id, id); no != 0 {
			done <- no
			return
		}
		done <- f()
	}()
	must(t, <-done)
}

func TestAnswersThatAreStrange(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         Delivery
	}{
		{"a good one", "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:  46\r\n\r\n" + `{"results":[{"id":"a","status":"recorded"}]}  `, Delivered},
		{"one of what is not on the plan", "HTTP/1.1 200 OK\r\nContent-Length: 58\r\n\r\n" + `{"results":[{"id":"a","status":"duplicate","apart":true}]}`, Apart},
		{"nothing", "", Undelivered},
		{"no HTTP", "220 mail ready\r\n\r\n", Undelivered},
		{"a status that is no number", "HTTP/1.1 OK\r\n\r\n", Undelivered},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n{}", Undelivered},
		{"a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", Undelivered},
		{"a length below none", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}", Undelivered},
		{"a length without bounds", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", Undelivered},
		{"a body that breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + `{"results":[`, Undelivered},
		{"a head without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100_000), Undelivered},
		{"a page of another server", "HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\n<html>", Undelivered},
		{"success without a result", "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + `{"results":[]}`, Undelivered},
		{"success with an unknown result", "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n" + `{"results":[{"status":"parked"}]}`[:32] + "", Undelivered},
		{"a rejected result", "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n" + `{"results":[{"status":"rejected"}]}`, Refused},
		{"an error without a code we know", "HTTP/1.1 418 ?\r\nContent-Length: 48\r\n\r\n" + `{"error":{"code":"teapot","message":"no coffee"}}`[:48], Undelivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, err := readAnswer(bufio.NewReader(strings.NewReader(c.answer)))
			var receipt Receipt
			if err == nil {
				receipt, err = receiptOf(status, body)
			}
			got := receipt.Delivery
			if got != c.want || (err == nil) != (got == Delivered || got == Apart) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestGetStatus(t *testing.T) {
	soon := time.Now().Add(10 * time.Second)
	socket := serve(t, &memory{})
	all, err := GetStatus([]string{socket}, "default", soon)
	if err != nil || !all.Now.Equal(testNow) || len(all.Accounts) != 1 || all.Accounts[0].Account != "default" {
		t.Errorf("got %+v, %v", all, err)
	}
	if _, err := GetStatus([]string{socket}, "other&account=default", soon); err == nil {
		t.Error("there is a status of an account that is not there")
	}
	if _, err := GetStatus([]string{filepath.Join(shortDir(t), "s")}, "default", soon); err == nil {
		t.Error("nobody answered, and there is a status")
	}
}
