package provider

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"quotad/quota"
)

// KeySource gives the provider's key. Its errors name where it looked and never
// hold the key.
type KeySource interface {
	Key(ctx context.Context) (string, error)
}

// EnvKey is the environment variable that may hold the key.
const EnvKey = "QUOTAD_ZAI_KEY"

// credentialName is the systemd credential that may hold the key; with a dot
// and the account's name, that of one account alone.
const credentialName = "zai-key"

// maxKey is far above the length of any key.
const maxKey = 4 << 10

// KeyOptions say where the key of an account may be. What the configuration
// names counts first, then a systemd credential, then the environment.
type KeyOptions struct {
	Account string
	File    string              // key_file, absolute; empty: none
	Command []string            // key_command; empty: none
	Env     func(string) string // nil: os.Getenv
}

// KeyError is a key that cannot be had: what is wrong, and what to run.
type KeyError struct{ Message, Hint string }

func (e *KeyError) Error() string { return e.Message }

// KeyRing is the KeySource of an account. A key from a command is kept in memory
// until Forget: to run the command may mean to ask somebody for a password.
type KeyRing struct {
	o    KeyOptions
	mu   sync.Mutex
	kept string
}

// Keys makes the KeyRing of an account.
func Keys(o KeyOptions) *KeyRing {
	if o.Env == nil {
		o.Env = os.Getenv
	}
	return &KeyRing{o: o}
}

// Source says in words where Key looks, such as "the key file /home/u/zai.key";
// "" where nothing is set up.
func (k *KeyRing) Source() string {
	switch {
	case k.o.File != "":
		return "the key file " + k.o.File
	case len(k.o.Command) > 0:
		return "the key command " + k.program()
	case k.credential() != "":
		return "the systemd credential " + filepath.Base(k.credential())
	case k.o.Env(EnvKey) != "":
		return "the environment variable " + EnvKey
	}
	return ""
}

// Check says what is wrong with where the key is, without reading it or running
// a command.
func (k *KeyRing) Check() error {
	switch {
	case k.o.File != "":
		f, err := openKeyFile(k.o.File)
		if err == nil {
			f.Close()
		}
		return err
	case len(k.o.Command) > 0:
		if _, err := exec.LookPath(k.o.Command[0]); err != nil {
			return notRun(k.program())
		}
	case k.Source() == "":
		return k.missing()
	}
	return nil
}

// Key gives the key as it was given out, without "Bearer ". It waits for a
// command 10 s at most.
func (k *KeyRing) Key(ctx context.Context) (string, error) {
	text, err := k.read(ctx)
	if err != nil {
		return "", err
	}
	key := quota.BareKey(firstLine(text))
	switch {
	case key == "":
		return "", &KeyError{Message: k.Source() + " holds no key"}
	case !isKey(key):
		return "", &KeyError{Message: k.Source() + " holds something else than a key: expected one word of at most 4 KiB, in ASCII"}
	}
	return key, nil
}

// Forget drops a key that is kept: it was refused.
func (k *KeyRing) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = ""
}

func (k *KeyRing) read(ctx context.Context) (string, error) {
	switch credential := k.credential(); {
	case k.o.File != "":
		return readKeyFile(k.o.File)
	case len(k.o.Command) > 0:
		return k.command(ctx)
	case credential != "":
		return readCredential(credential)
	case k.o.Env(EnvKey) != "":
		return k.o.Env(EnvKey), nil
	}
	return "", k.missing()
}

func (k *KeyRing) missing() error {
	return &KeyError{
		Message: "no key is set up for the account " + k.account() + ": name one with key_file or key_command, or set " + EnvKey,
		Hint:    "quotad config set account." + k.account() + ".provider.key_file PATH",
	}
}

// command runs the key command, unless its key is kept.
func (k *KeyRing) command(ctx context.Context) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept != "" {
		return k.kept, nil
	}
	text, err := runKeyCommand(ctx, k.o.Command)
	if err != nil {
		return "", err
	}
	k.kept = firstLine(text) // nothing of what a password manager may add
	return k.kept, nil
}

func (k *KeyRing) account() string { return cmp.Or(k.o.Account, quota.DefaultAccount) }

// program is the command without its arguments, which are nobody's business.
func (k *KeyRing) program() string { return filepath.Base(k.o.Command[0]) }

// firstLine is the first that is not empty: password managers print a key, and
// perhaps more.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

// isKey reports whether a header can hold it, and it is a single word.
func isKey(key string) bool {
	return len(key) <= maxKey && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}
