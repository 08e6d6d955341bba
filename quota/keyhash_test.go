package quota

import "testing"

func TestAKeyHashTellsKeysApartAndNothingMore(t *testing.T) {
	salt := []byte("a salt")
	const key = "0123456789abcdef.Secret"
	hash := KeyHash(salt, key)
	if hash != "607e2487a24c" {
		t.Errorf("%q: what was recorded with it would belong to nobody", hash)
	}
	for what, same := range map[string]string{
		"with space around it":         " " + key + "\n",
		"as a header has it":           "Bearer " + key,
		"as a header has it, in small": "bearer  " + key,
	} {
		if got := KeyHash(salt, same); got != hash {
			t.Errorf("%s: %q, want %q", what, got, hash)
		}
	}
	if KeyHash(salt, key+"x") == hash || KeyHash([]byte("another"), key) == hash {
		t.Error("another key or another salt has the same hash")
	}
	for _, none := range []string{"", " ", "Bearer "} {
		if got := KeyHash(salt, none); got != "" {
			t.Errorf("no key %q has the hash %q", none, got)
		}
	}
}
