package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
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
	kinds := []string{"statusline"}
	for _, format := range []string{"short", "waybar", "tmux", "i3blocks", "polybar", "xbar"} {
		kinds = append(kinds, "status --format "+format)
	}
	hello, spent := make([]time.Duration, s.processes), make([][]time.Duration, len(kinds))
	for i := range s.processes { // in turn, so that all meet the same machine
		if hello[i], err = process(d, "", p.hello); err != nil {
			return nil, err
		}
		for k, kind := range kinds {
			took, err := process(d, lineInput, append([]string{p.quotad}, strings.Fields(kind)...)...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind, err)
			}
			spent[k] = append(spent[k], took)
		}
	}
	var rows []row
	h := median(hello)
	for k, kind := range kinds {
		m := median(spent[k])
		rows = append(rows, row{kind, "p50 " + ms(m), fmt.Sprintf("hello world %s: %.2fx", ms(h), float64(m)/float64(h)), "<= 200 ms"})
	}
	return rows, nil
}
