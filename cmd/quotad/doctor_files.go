package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/notify"
)

// program looks at the file that runs.
func (x *examination) program() {
	path, err := thisProgram()
	if err != nil {
		x.fault("make install", "cannot tell where this program is: %v", err)
		return
	}
	x.ok("%s, version %s", path, versionName())
	if why := vanishes(path, os.TempDir()); why != "" {
		x.warn("make install", "a service or a hook would call %s, %s", path, why)
	}
	switch other, err := exec.LookPath("quotad"); {
	case err != nil:
		x.warn(`export PATH="`+filepath.Dir(path)+`:$PATH"`, "no quotad is in PATH: the commands here have to be called by their path")
	case !sameFile(other, path):
		x.warn("type -a quotad", "PATH finds another quotad, %s", other)
	}
}

// configuration looks at the file and what it says.
func (x *examination) configuration() {
	settings, err := x.app.settings()
	if err != nil {
		x.settings = config.Default()
		var wrong config.Errors
		if errors.As(err, &wrong) && len(wrong) > 1 {
			x.fault("quotad config check", "%v; and %d more", wrong[0], len(wrong)-1)
			return
		}
		x.fault("quotad config check", "%v", err)
		return
	}
	x.settings = settings
	if missing(x.paths.Config) {
		x.ok("%s is not there; the defaults hold", x.paths.Config)
	} else {
		x.ok("%s", x.paths.Config)
	}
	x.taken()
	for _, acc := range settings.Accounts {
		if told := x.toldPlan(acc.Name); told != "" {
			x.ok("account %s: counted by %s, which the provider told", acc.Name, told)
		} else if acc.Assumed {
			x.warn(setupOf(acc.Name), "no plan is configured for the account %s; %s is assumed", acc.Name, acc.Plan.ID)
		} else if acc.Subscribed.IsZero() {
			x.warn(setupOf(acc.Name), "no subscription date is configured for the account %s; the first event takes its place", acc.Name)
		}
	}
	for _, remark := range settings.Remarks() {
		x.warn("quotad config show", "%s", remark)
	}
	x.keyFiles()
}

// taken looks at whether the daemon goes by what the file says now: it reads it
// when it is told to. One of another version may write down the same otherwise.
func (x *examination) taken() {
	if x.about == nil || x.about.Settings == "" || x.about.Version != versionName() || x.about.Settings == x.settings.Fingerprint() {
		return
	}
	x.warn(fmt.Sprintf("systemctl --user reload quotad   (or kill -HUP %d)", x.about.PID),
		"the daemon goes by another one: it has not taken the file as it is now")
}

// Free space below which there is a fault, and a warning.
const (
	leastSpace = 20 << 20
	goodSpace  = 200 << 20
)

// stateFolder looks at where the database is.
func (x *examination) stateFolder() {
	dir := x.paths.StateDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.unmade(dir)
		return
	case err != nil:
		x.fault("choose another with --state-dir", "%v", err)
		return
	case !info.IsDir():
		x.fault("choose another with --state-dir", "%s is not a folder", dir)
		return
	}
	if why := x.unsafe(info); why != "" {
		x.fault("chmod 700 "+dir, "%s %s", dir, why)
	} else if err := unix.Access(dir, unix.W_OK|unix.X_OK); errors.Is(err, unix.EROFS) {
		x.fault("findmnt -T "+dir, "%s is on a file system that is mounted read-only", dir)
	} else if err != nil {
		x.fault("chmod 700 "+dir, "%s cannot be written to", dir)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		x.warn("df "+dir, "cannot tell how much room there is: %v", err)
		return
	}
	switch free := int64(disk.Bavail) * int64(disk.Bsize); {
	case free < leastSpace:
		x.fault("df -h "+dir, "only %s are free at %s", bytesOf(free), dir)
	case free < goodSpace:
		x.warn("df -h "+dir, "only %s are free at %s", bytesOf(free), dir)
	default:
		x.ok("%s, %s free", dir, bytesOf(free))
	}
}

// unmade looks at whether a folder that is not there could be made.
func (x *examination) unmade(dir string) {
	above := filepath.Dir(dir)
	for missing(above) && above != filepath.Dir(above) {
		above = filepath.Dir(above)
	}
	switch err := unix.Access(above, unix.W_OK|unix.X_OK); {
	case err == nil:
		x.ok("%s is not there yet; the first run makes it", dir)
	case errors.Is(err, unix.EROFS):
		x.fault("findmnt -T "+above, "%s cannot be made: %s is on a file system that is mounted read-only", dir, above)
	default:
		x.fault("ls -ld "+above, "%s cannot be made: %s cannot be written to", dir, above)
	}
}

// unsafe says why others could get at a folder or file that is to be private.
func (x *examination) unsafe(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return "belongs to another user (uid " + strconv.Itoa(int(st.Uid)) + ")"
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "is open to others (mode " + strconv.FormatInt(int64(mode), 8) + ")"
	}
	return ""
}

// runtimeFolder looks at where the socket belongs.
func (x *examination) runtimeFolder() {
	dir := x.env("XDG_RUNTIME_DIR")
	if dir == "" {
		x.warn("loginctl enable-linger, then log in again", "XDG_RUNTIME_DIR is not set, as in cron or su: a daemon started here listens at %s", x.paths.Socket)
		return
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		x.fault("log in again", "XDG_RUNTIME_DIR: %v", err)
	case !info.IsDir():
		x.fault("log in again", "XDG_RUNTIME_DIR: %s is not a folder", dir)
	case x.unsafe(info) != "":
		x.warn("log in again", "XDG_RUNTIME_DIR: %s %s", dir, x.unsafe(info))
	default:
		x.ok("%s", dir)
	}
}

// oldBackup is when the newest backup is older than it should be: a daemon
// makes one each day that it runs.
const oldBackup = 3 * 24 * time.Hour

func (x *examination) backups() {
	list, err := store.Backups(x.paths.StateDir)
	if err != nil {
		x.fault("quotad backup", "%v", err)
		return
	}
	if info, err := os.Stat(x.paths.Database); err == nil {
		if err := store.BackupRoom(x.paths.StateDir, info.Size()); err != nil {
			x.warn("df -h "+x.paths.StateDir, "%v", err)
		}
	}
	if len(list) == 0 {
		x.noBackup()
		return
	}
	age := x.now().Sub(list[0].At)
	if age > oldBackup {
		x.warn("quotad backup", "the newest of %d is %s old", len(list), notify.Duration(age))
		return
	}
	x.ok("%s, the newest %s old", counted(len(list), "backup"), notify.Duration(age))
}

// noBackup is well as long as the database is young.
func (x *examination) noBackup() {
	made, err := os.Stat(filepath.Join(x.paths.StateDir, "created"))
	switch {
	case err != nil:
		x.ok("none, and no database")
	case x.now().Sub(made.ModTime()) < oldBackup:
		x.ok("none yet; the daemon makes one each day")
	default:
		x.warn("quotad backup", "there is none in %s", x.paths.Backups)
	}
}

// waitsTooLong is how old a spooled event may be while a daemon answers, which
// takes it in at once.
const waitsTooLong = 30 * time.Second

func (x *examination) spool() {
	waiting, oldest := x.spooled(x.paths.Spool)
	aside, _ := x.spooled(filepath.Join(x.paths.Spool, "bad"))
	switch {
	case waiting > 0 && x.away != nil:
		x.warn(failureOf(x.away).hint, "%s waiting for a daemon", counted(waiting, "event"))
	case waiting > 0 && oldest > waitsTooLong:
		x.fault(journalHint, "%s waiting, the oldest for %s: the daemon does not take them in", counted(waiting, "event"), notify.Duration(oldest))
	default:
		x.ok("%s waiting", counted(waiting, "event"))
	}
	if aside > 0 {
		x.warn("ls "+filepath.Join(x.paths.Spool, "bad"), "%s set aside, for they cannot be taken in", counted(aside, "event"))
	}
}

// spooled counts the events in a folder, and tells how long the oldest is there.
func (x *examination) spooled(dir string) (n int, oldest time.Duration) {
	names, _ := fs.Glob(os.DirFS(dir), "*.json")
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			n++
			oldest = max(oldest, x.now().Sub(info.ModTime()))
		}
	}
	return n, oldest
}
