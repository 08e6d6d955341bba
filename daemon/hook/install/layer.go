package install

import (
	"slices"

	"quotad/daemon/hook"
)

// layer chooses the files that hooks go to. A tool that reads hooks from one of
// two files gets them where the user has theirs, and where they have none, in
// the first.
func layer(s hook.Setup) (files, others []hook.File) {
	files = slices.Clone(s.Files)
	for _, other := range s.Other {
		i := slices.IndexFunc(files, func(f hook.File) bool { return len(f.Entries) > 0 })
		if i < 0 || !replaces(other) || !listsOthers(other) || listsOthers(files[i]) {
			others = append(others, other)
			continue
		}
		first := files[i]
		other.Entries, first.Entries = first.Entries, nil
		files[i] = other
		if len(first.Unset) > 0 {
			files = append(files, first)
		} else {
			others = append(others, first)
		}
	}
	return files, others
}

// replaces reports whether a file may take the place of another. Where a tool
// reads TOML that is so: two lists for one tool make it complain.
func replaces(f hook.File) bool { return f.Instead || f.Form == hook.GroupedTOML }

// listsOthers reports whether a file lists hooks of others.
func listsOthers(f hook.File) bool {
	text, err := read(f.Path)
	return err == nil && text != nil && HasOthers(text, f.Form)
}
