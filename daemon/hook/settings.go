package hook

import (
	"path/filepath"
	"strings"
)

// settings reads a file of the tool's as a tree. What is not there, or does not
// read, says nothing; a decoder may give up half-way.
func (in Input) settings(path string, decode func([]byte, any) error) map[string]any {
	if !filepath.IsAbs(path) { // no home is known
		return nil
	}
	var tree map[string]any
	if raw, err := in.ReadFile(path); err != nil || decode(raw, &tree) != nil {
		return nil
	}
	return tree
}

// word is the text at the path of a settings file, read as a tree; "" where
// there is none.
func word(tree map[string]any, path ...string) string {
	for i, key := range path {
		if i == len(path)-1 {
			s, _ := tree[key].(string)
			return strings.TrimSpace(s)
		}
		tree, _ = tree[key].(map[string]any)
	}
	return ""
}
