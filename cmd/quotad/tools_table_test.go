package main

import (
	"fmt"

	"quotad/tools/fakemodel"
)

// codingTool is how one tool is set up, run and expected to be told of.
type codingTool struct {
	name string // as in `quotad hook NAME`
	path string // below which the provider serves it
	// asks is the model that its prompt event names; empty: it cannot know.
	asks  string
	files func(h *toolHome) map[string]string // by their path below the home
	env   func(h *toolHome) []string
	args  func(prompt string) []string
	// shell and subagent are calls that the model may make of it.
	shell    fakemodel.ToolCall
	subagent fakemodel.ToolCall
	// answers is the model that the tool's record of a turn names: the one that
	// answered, or that was asked. Empty: the daemon reads no record of it.
	answers string
	refused bool // what the provider says when it stops work reaches us
	// stopHooks is a settings file in which a hook StopFailure tells that; without
	// it the record of the turn does.
	stopHooks string
}

// keyWord is the made-up key that the tools are given.
const keyWord = "made-up-key-0123456789"

// shellLine is what the model has a tool run.
const shellLine = "echo ran it"

func codingTools() []codingTool {
	return []codingTool{claudeCodeTool(), codexTool(), qwenTool(), geminiTool(), openCodeTool()}
}

func claudeCodeTool() codingTool {
	return codingTool{
		name: "claude-code", path: "/api/anthropic", asks: "glm-5.3[1m]", answers: fakemodel.Model, refused: true, stopHooks: ".claude/settings.json",
		files: func(h *toolHome) map[string]string {
			return map[string]string{
				".claude.json": asJSON(h.t, map[string]any{
					"hasCompletedOnboarding": true,
					"projects":               map[string]any{h.project: map[string]any{"hasTrustDialogAccepted": true}},
				}),
			}
		},
		env: func(h *toolHome) []string {
			return []string{
				"ANTHROPIC_BASE_URL=" + h.base(), "ANTHROPIC_AUTH_TOKEN=" + keyWord,
				"ANTHROPIC_DEFAULT_OPUS_MODEL=glm-5.3[1m]", "ANTHROPIC_DEFAULT_SONNET_MODEL=glm-5.3[1m]",
				"ANTHROPIC_DEFAULT_HAIKU_MODEL=glm-5.3-flash",
				"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1",
				"CLAUDE_CODE_MAX_RETRIES=" + map[bool]string{false: "0", true: "10"}[h.tries],
			}
		},
		args: func(prompt string) []string {
			return []string{"-p", prompt, "--allowedTools", "Bash,Task,Agent"}
		},
		shell: fakemodel.ToolCall{Names: []string{"Bash"}, Args: map[string]any{"command": shellLine, "description": "say it"}},
		subagent: fakemodel.ToolCall{Names: []string{"Agent", "Task"}, Args: map[string]any{
			"subagent_type": "general-purpose", "description": "look", "prompt": "Look around.",
		}},
	}
}

func codexTool() codingTool {
	return codingTool{
		name: "codex", path: "/api/v1", asks: "glm-5.3", answers: "glm-5.3",
		files: func(h *toolHome) map[string]string {
			return map[string]string{".codex/config.toml": fmt.Sprintf(`
model = "glm-5.3"
model_provider = "plan"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.plan]
name = "plan"
base_url = %q
env_key = "PLAN_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
[analytics]
enabled = false
[projects.%q]
trust_level = "trusted"
`, h.base(), h.project)}
		},
		env: func(*toolHome) []string { return []string{"PLAN_KEY=" + keyWord} },
		args: func(prompt string) []string {
			return []string{"exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust", prompt}
		},
		shell: fakemodel.ToolCall{Names: []string{"exec_command", "shell_command", "shell", "local_shell"},
			Args: map[string]any{"cmd": shellLine, "command": shellLine}},
	}
}

func qwenTool() codingTool {
	return codingTool{
		name: "qwen", path: "/api/coding/paas/v4", asks: "glm-5.3",
		files: func(h *toolHome) map[string]string {
			return map[string]string{".qwen/settings.json": asJSON(h.t, map[string]any{
				"security": map[string]any{"auth": map[string]any{"selectedType": "openai"}},
				"privacy":  map[string]any{"usageStatisticsEnabled": false},
				"general":  map[string]any{"enableAutoUpdate": false, "disableAutoUpdate": true},
			})}
		},
		env: func(h *toolHome) []string {
			return []string{"OPENAI_API_KEY=" + keyWord, "OPENAI_BASE_URL=" + h.base(), "OPENAI_MODEL=glm-5.3", "NO_UPDATE_NOTIFIER=1"}
		},
		args:  func(prompt string) []string { return []string{"--yolo", "-p", prompt} },
		shell: fakemodel.ToolCall{Names: []string{"run_shell_command"}, Args: map[string]any{"command": shellLine, "description": "say it", "is_background": false}},
	}
}

func geminiTool() codingTool {
	return codingTool{
		name: "gemini", path: "/api/anthropic",
		files: func(h *toolHome) map[string]string {
			return map[string]string{".gemini/settings.json": asJSON(h.t, map[string]any{
				"security": map[string]any{
					"auth":        map[string]any{"selectedType": "gemini-api-key"},
					"folderTrust": map[string]any{"enabled": false},
				},
				"privacy": map[string]any{"usageStatisticsEnabled": false},
				"general": map[string]any{"enableAutoUpdate": false, "disableAutoUpdate": true},
			})}
		},
		env: func(h *toolHome) []string {
			return []string{"GEMINI_API_KEY=" + keyWord, "GOOGLE_GEMINI_BASE_URL=" + h.base(), "GEMINI_CLI_TRUST_WORKSPACE=true"}
		},
		args:  func(prompt string) []string { return []string{"--yolo", "-p", prompt} },
		shell: fakemodel.ToolCall{Names: []string{"run_shell_command"}, Args: map[string]any{"command": shellLine, "description": "say it"}},
	}
}

func openCodeTool() codingTool {
	return codingTool{
		name: "opencode", path: "/api/coding/paas/v4", asks: "glm-5.3", answers: "glm-5.3", refused: true,
		files: func(h *toolHome) map[string]string {
			// With a plugin there it waits until npm has brought it this package,
			// which plugins of types import. So it has it already.
			const plugins = `"dependencies": {"@opencode-ai/plugin": "1.18.33"}`
			return map[string]string{
				".config/opencode/package.json":       "{" + plugins + "}",
				".config/opencode/package-lock.json":  `{"lockfileVersion": 3, "packages": {"": {` + plugins + "}}}",
				".config/opencode/node_modules/.keep": "",
				".config/opencode/opencode.json": asJSON(h.t, map[string]any{
					"autoupdate": false, "share": "disabled", "model": "zai-coding-plan/glm-5.3", "small_model": "zai-coding-plan/glm-5.3",
					"permission": "allow",
					"provider": map[string]any{"zai-coding-plan": map[string]any{
						"npm": "@ai-sdk/openai-compatible", "name": "plan",
						"options": map[string]any{"baseURL": h.base(), "apiKey": keyWord},
						"models":  map[string]any{"glm-5.3": map[string]any{"name": "GLM"}},
					}},
				}),
			}
		},
		env: func(*toolHome) []string {
			return []string{"OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1",
				"OPENCODE_DISABLE_LSP_DOWNLOAD=1", "OPENCODE_DISABLE_DEFAULT_PLUGINS=1"}
		},
		args:  func(prompt string) []string { return []string{"run", prompt} },
		shell: fakemodel.ToolCall{Names: []string{"bash"}, Args: map[string]any{"command": shellLine, "description": "say it"}},
		subagent: fakemodel.ToolCall{Names: []string{"task"}, Args: map[string]any{
			"subagent_type": "general", "description": "look", "prompt": "Look around.",
		}},
	}
}
