package main

import (
	"path/filepath"
	"strings"
)

// lineInput is what Claude Code gives its status line.
const lineInput = `{"session_id":"761f3430","transcript_path":"/home/u/.claude/projects/-home-u-proj/761f3430.jsonl","cwd":"/home/u/proj","model":{"id":"glm-5.3[1m]","display_name":"glm-5.3[1m]"},"output_style":{"name":"default"}}`

// measureBars compares what a status bar and a coding tool run again and again
// with a program that only says hello.
func measureBars(p programs, dir string, s sizes) ([]row, error) {
	d, err := startDaemon(p, filepath.Join(dir, "bars"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if _, err := oneByOne(d, 1, 20, 0); err != nil { // few, so that no notice is due
		return nil, err
	}
	runs := []subject{{what: "statusline"}}
	for _, format := range []string{"short", "waybar", "tmux", "i3blocks", "polybar", "xbar"} {
		runs = append(runs, subject{what: "status --format " + format})
	}
	for k := range runs {
		runs[k].args, runs[k].aim = strings.Fields(runs[k].what), "<= 200 ms"
		runs[k].input = func(int) string { return lineInput }
	}
	return againstHello(p, d, s.processes, runs)
}
