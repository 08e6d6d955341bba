package provider

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// readKeyFile reads a key from a file of the user's own that nobody else may
// read.
func readKeyFile(path string) (string, error) {
	f, err := openKeyFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return readKey(f)
}

// openKeyFile looks at a file after it is opened, so that there is no other in
// its place by then.
func openKeyFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, &KeyError{Message: fmt.Sprintf("the key file %s is a symbolic link: name the file itself, or read it with key_command", path)}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &KeyError{Message: fmt.Sprintf("there is no key file %s: write the key into it, with mode 0600", path)}
	case err != nil:
		return nil, &KeyError{Message: fmt.Sprintf("the key file cannot be read: %v", err)}
	}
	if err := checkKeyFile(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func checkKeyFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return &KeyError{Message: fmt.Sprintf("the key file cannot be read: %v", err)}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return &KeyError{Message: fmt.Sprintf("the key file %s is no plain file", f.Name())}
	case ok && int(st.Uid) != os.Geteuid():
		return &KeyError{Message: fmt.Sprintf("the key file %s belongs to another user (uid %d)", f.Name(), st.Uid)}
	case info.Mode().Perm()&0o077 != 0:
		hint := "chmod 600 " + f.Name()
		return &KeyError{
			Message: fmt.Sprintf("others may read the key file %s (mode %#o): run %s", f.Name(), info.Mode().Perm(), hint),
			Hint:    hint,
		}
	}
	return nil
}

// readCredential reads what systemd has put into a folder of the service's own.
func readCredential(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", &KeyError{Message: fmt.Sprintf("the systemd credential cannot be read: %v", err)}
	}
	defer f.Close()
	return readKey(f)
}

// readKey takes no more than shows that it is no key.
func readKey(f *os.File) (string, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return "", &KeyError{Message: fmt.Sprintf("the key cannot be read: %v", err)}
	}
	return string(text), nil
}

// credential is the path of the systemd credential, the account's own before
// the one for all; "" where there is none.
func (k *KeyRing) credential() string {
	dir := k.o.Env("CREDENTIALS_DIRECTORY")
	if !filepath.IsAbs(dir) || strings.ContainsRune(k.account(), filepath.Separator) {
		return ""
	}
	for _, name := range []string{credentialName + "." + k.account(), credentialName} {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
