package hook

// answerBy is how most tools that follow Claude Code are answered: they differ
// in the word that holds a prompt back, and some fail at a field too many.
func answerBy(decision string) func(Verdict) []byte {
	return func(v Verdict) []byte {
		switch v.Action {
		case Warn:
			return answer(map[string]any{"systemMessage": v.Text})
		case Block:
			return answer(map[string]any{"decision": decision, "reason": v.Text})
		}
		return nil
	}
}
