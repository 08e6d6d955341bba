package hook

import "path/filepath"

// qoder knows Qoder's command line (docs.qoder.com/en/cli/hooks), whose hooks
// are shaped as Claude Code's.
func qoder() Adapter {
	like := likeClaude{tool: "qoder", endpoint: func(_ Input, model string) string { return modelEndpoint("qoder", model) }}
	return Adapter{
		Name: "qoder", Title: "Qoder CLI",
		Parse: like.parse, Answer: answerBy("block"), Setup: setupQoder,
	}
}

func setupQoder(h Host) Setup {
	dir := filepath.Join(h.Home, ".qoder")
	return Setup{
		Folders: []string{dir}, Programs: []string{"qodercli"},
		Files: []File{{
			Path: filepath.Join(dir, "settings.json"), Form: GroupedJSON,
			Entries: []Entry{{Event: "UserPromptSubmit", Command: h.CommandLine("qoder"), Timeout: 5}},
		}},
		Elsewhere: []File{
			{Path: filepath.Join(".qoder", "settings.json"), Form: GroupedJSON},
			{Path: filepath.Join(".qoder", "settings.local.json"), Form: GroupedJSON},
		},
		Mute: true,
	}
}
