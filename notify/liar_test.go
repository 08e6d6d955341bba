package notify

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// A bus may end in the middle of a message, or say what no bus would: the library
// that speaks to it ends its process then, which is not to be ours.
func TestABusThatLiesIsWatchedAllTheSame(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(net.Conn){
		"it ends in the middle of a message": func(c net.Conn) { c.Write(begun(4, 1000, 0)) },
		"a message is longer than any":       func(c net.Conn) { c.Write(begun(4, 1<<32-8, 8)) },
		"it is no message":                   func(c net.Conn) { c.Write([]byte(strings.Repeat("\xff", 1000))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			called := liar(t, dir, lie)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				NewDesktop(nil, inRuntime(dir)).Watch(ctx, func() {})
				close(done)
			}()
			await(t, called)
			await(t, called) // it goes on
			cancel()
			await(t, done)
			if r := Probe(t.Context(), inRuntime(dir)); r.Outcome == Delivered || r.Err == nil {
				t.Errorf("looked for: %+v", r)
			}
		})
	}
}

// A bus that never ceases to tell of a server that came is heeded now and then,
// and is left when it is past belief.
func TestABusThatNeverCeasesIsHeededNowAndThen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	left := make(chan struct{}, 100)
	liar(t, dir, func(c net.Conn) {
		for serial := range uint32(2) { // Hello, AddMatch
			c.Read(make([]byte, 4<<10))
			said(c, replyTo(serial+1, ":1.7"[:4*(1-serial)]))
			time.Sleep(50 * time.Millisecond)
		}
		go io.Copy(io.Discard, c)
		for n := uint32(0); said(c, cameSignal()) == nil; n++ {
			for k := range uint32(50) { // to whatever they have asked by now
				said(c, replyTo(3+(50*n+k)%500, ""))
			}
			time.Sleep(time.Millisecond)
		}
		left <- struct{}{}
	})
	woken, began := 0, time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		NewDesktop(nil, inRuntime(dir)).Watch(ctx, func() { woken++ })
		close(done)
	}()
	await(t, left)
	cancel()
	await(t, done)
	if most := int(time.Since(began)/wakePace) + 2; woken < 2 || woken > most {
		t.Errorf("woken %d times in %v, want 2 to %d", woken, time.Since(began), most)
	}
}

// replyTo is a reply that holds a text, or nothing.
func replyTo(serial uint32, text string) *dbus.Message {
	m := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(serial)}}
	if text != "" {
		m.Headers[dbus.FieldSignature], m.Body = dbus.MakeVariant(dbus.SignatureOf("")), []any{text}
	}
	return m
}

func cameSignal() *dbus.Message {
	return &dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")), dbus.FieldInterface: dbus.MakeVariant(busName),
		dbus.FieldMember: dbus.MakeVariant("NameOwnerChanged"), dbus.FieldSender: dbus.MakeVariant(busName),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf("", "", "")),
	}, Body: []any{serverName, "", ":1.9"}}
}

func said(c net.Conn, m *dbus.Message) error {
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(b.Bytes()[8:], 7) // its serial, which must not be 0
	_, err := c.Write(b.Bytes())
	return err
}

// inRuntime is an environment whose bus is in a folder.
func inRuntime(dir string) func(string) string {
	return func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[name] }
}

// liar lets in whoever calls at the bus of a folder, and lies to them. What they
// have said by then is not read, so that they see the end as a reset.
func liar(t *testing.T, dir string, lie func(net.Conn)) (called chan struct{}) {
	ln, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	called = make(chan struct{}, 100)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if letIn(c) {
					called <- struct{}{}
					time.Sleep(50 * time.Millisecond) // for their first call
					lie(c)
					time.Sleep(50 * time.Millisecond)
				}
			}()
		}
	}()
	return called
}

// letIn is the authentication of a bus.
func letIn(c net.Conn) bool {
	var line []byte
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(c, one); err != nil {
			return false
		}
		if line = append(line, one[0]); one[0] != '\n' {
			continue
		}
		switch said := strings.TrimLeft(string(line), "\x00"); {
		case strings.HasPrefix(said, "BEGIN"):
			return true
		case strings.HasPrefix(said, "NEGOTIATE_UNIX_FD"):
			io.WriteString(c, "AGREE_UNIX_FD\r\n")
		case strings.Contains(said, "EXTERNAL"):
			io.WriteString(c, "OK 0123456789abcdef0123456789abcdef\r\n")
		default:
			io.WriteString(c, "REJECTED EXTERNAL\r\n")
		}
		line = nil
	}
}

// begun is the beginning of a message that has so many bytes of fields and body.
func begun(kind byte, fields, body uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{'l', kind, 0, 1}, body)
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 7), fields)
}
