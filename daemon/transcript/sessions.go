package transcript

// family is the sessions of a tool by their parents. Subagents have sessions of
// their own.
type family map[string]string

// root is the user's session that one is part of.
func (f family) root(session string) string {
	for range len(f) {
		parent := f[session]
		if parent == "" {
			break
		}
		session = parent
	}
	return session
}

// under lists a session and all that were started in it.
func (f family) under(session string) []string {
	all := []string{session}
	for id := range f {
		if id != session && f.root(id) == session {
			all = append(all, id)
		}
	}
	return all
}
