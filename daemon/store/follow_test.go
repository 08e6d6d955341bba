package store

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// followedAt is what is known of a record that grew at an instant.
func followedAt(path string, grown time.Time) Followed {
	return Followed{
		Tool: "claude-code", Path: path, Account: "default", Endpoint: "https://api.z.ai/api/anthropic",
		Since: day0.Add(-time.Hour), Grown: grown, Mark: []byte(`{"offset":7}`),
	}
}

func TestFollowedRecordsAreToldApart(t *testing.T) {
	s := newStore(t)
	one, other := followedAt("/db", day0), followedAt("/db", day0.Add(time.Hour))
	one.Session, other.Session = "a", "b"
	must(t, s.Update(func(tx *Tx) error { return firstError(tx.PutFollowed(one), tx.PutFollowed(other)) }))
	one.Mark = []byte(`{"offset":8}`)
	must(t, s.Update(func(tx *Tx) error { return tx.PutFollowed(one) }))
	must(t, s.View(func(tx *Tx) error {
		got, ok, err := tx.Followed(one.Tool, one.Path, "a")
		must(t, err)
		if !ok || string(got.Mark) != string(one.Mark) || !got.Grown.Equal(day0) {
			t.Errorf("got %+v, %t", got, ok)
		}
		if _, ok, _ := tx.Followed(one.Tool, one.Path, ""); ok {
			t.Error("a session that nobody followed is known")
		}
		late := tx.FollowedSince(day0.Add(time.Minute))
		if len(late) != 1 || late[0].Session != "b" {
			t.Errorf("those that grew later: %+v", late)
		}
		return nil
	}))
	verify(t, s)
}

func TestADamagedRowHidesNoOtherRecord(t *testing.T) {
	s := newStore(t)
	good, bad := followedAt("/good", day0), followedAt("/bad", day0)
	must(t, s.Update(func(tx *Tx) error {
		must(t, firstError(tx.PutFollowed(good), tx.PutFollowed(bad)))
		return tx.bucket(tabFollows).Put(bad.key(), []byte("what the disk made of it"))
	}))
	must(t, s.View(func(tx *Tx) error {
		if list := tx.FollowedSince(day0); len(list) != 1 || list[0].Path != "/good" {
			t.Errorf("beside a damaged row: %+v", list)
		}
		return nil
	}))
	must(t, s.Update(func(tx *Tx) error {
		n, err := tx.PruneFollowed(day0, 10)
		if n != 1 {
			t.Errorf("%d rows were forgotten, want the damaged one", n)
		}
		return err
	}))
	verify(t, s)
}

func TestWhatWasReadIsInABackup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	must(t, s.Update(func(tx *Tx) error { return tx.PutFollowed(followedAt("/f", day0)) }))
	backup := filepath.Join(dir, backupsName, BackupName(day0))
	must(t, s.Backup(backup))
	must(t, s.Update(func(tx *Tx) error { return tx.PutFollowed(followedAt("/g", day0)) }))
	must(t, s.Close())
	_, err := Restore(options(dir), backup)
	must(t, err)
	s = openIn(t, dir)
	defer s.Close()
	must(t, s.View(func(tx *Tx) error {
		if list := tx.FollowedSince(day0); len(list) != 1 || list[0].Path != "/f" {
			t.Errorf("%+v", list)
		}
		return nil
	}))
	verify(t, s)
}

// oldState is a state folder with a database that a program of schema 1 wrote.
func oldState(t *testing.T) (dir string) {
	t.Helper()
	in, err := os.Open(filepath.Join("testdata", "schema1.db.gz"))
	must(t, err)
	defer in.Close()
	z, err := gzip.NewReader(in)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	dir = filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, fileName), b, 0o600))
	return dir
}

func TestADatabaseOfSchemaOneIsTakenOver(t *testing.T) {
	dir := oldState(t)
	s, report, err := Open(options(dir))
	must(t, err)
	if report.From != 1 || report.To != int(schemaOf(migrations())) || report.Lost() {
		t.Errorf("opening it: %+v", report)
	}
	verify(t, s)
	list := entries(t, s, "")
	if len(list) != 8 {
		t.Errorf("%d events, want 8", len(list))
	}
	for _, e := range list {
		if e.ID == "asked" && (e.TurnModel != "glm-4.7" || e.Transcript == "") {
			t.Errorf("the prompt: %+v", e)
		}
	}
	must(t, s.Update(func(tx *Tx) error { return tx.PutFollowed(followedAt("/f", day0)) }))
	must(t, s.Close())
	must(t, openIn(t, dir).Close())

	_, _, err = openWith(options(dir), nil) // as a program of schema 1 does
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("has schema %d, and this one knows up to 1", schemaOf(migrations()))) {
		t.Errorf("an old program: %v", err)
	}
	done, err := Restore(options(dir), filepath.Join(dir, backupsName, report.Backup))
	must(t, err)
	if done.Replaced == "" {
		t.Errorf("going back: %+v", done)
	}
	s, report, err = Open(options(dir))
	must(t, err)
	defer s.Close()
	if n := len(entries(t, s, "")); n != 8 || report.From != 1 {
		t.Errorf("from its backup: %d events, %+v", n, report)
	}
}

func TestADamagedDatabaseOfSchemaOneIsSalvaged(t *testing.T) {
	dir := oldState(t)
	path := filepath.Join(dir, fileName)
	overwrite(t, path, 2*int64(pageHeader)-4, []byte("no page size")) // both of its meta pages
	overwrite(t, path, pageSize+2*int64(pageHeader)-4, []byte("no page size"))
	s, report, err := Open(options(dir))
	must(t, err)
	defer s.Close()
	if !report.Lost() || report.Salvaged != 8 {
		t.Errorf("%+v", report)
	}
	verify(t, s)
}
