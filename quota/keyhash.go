package quota

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// keyHashLen is 48 bits: enough to tell a handful of keys apart, and of no use
// to somebody who looks for the key.
const keyHashLen = 12

// KeyHash stands for a provider's key where the key itself must not be: the
// first 12 hexadecimal digits of an HMAC-SHA256 with a salt of this machine. A
// key is the same with and without "Bearer " before it. That of no key is "".
func KeyHash(salt []byte, key string) string {
	if key = BareKey(key); key == "" {
		return ""
	}
	sum := hmac.New(sha256.New, salt)
	sum.Write([]byte(key))
	return hex.EncodeToString(sum.Sum(nil))[:keyHashLen]
}

// BareKey is a key as it was given out: without space around it, and without
// the "Bearer " of a header.
func BareKey(key string) string {
	key = strings.TrimSpace(key)
	if scheme, rest, _ := strings.Cut(key, " "); strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(rest)
	}
	return key
}
