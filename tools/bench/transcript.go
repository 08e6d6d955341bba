package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// lookSoon is how long the daemon waits before it reads.
const lookSoon = 3 * time.Second

// measureTranscript has the daemon read a session's transcript that is as large
// as they get, while somebody else sends events.
func measureTranscript(p programs, dir string, s sizes) ([]row, error) {
	path := filepath.Join(dir, "transcript.jsonl")
	begun := time.Now().Add(-20 * time.Hour)
	answers, err := fillTranscript(path, s.transcript, begun)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	plain, err := readPlainly(path)
	if err != nil {
		return nil, err
	}
	d, err := startDaemon(p, filepath.Join(dir, "follow"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	before, err := d.proc("status", "RssAnon")
	if err != nil {
		return nil, err
	}
	prompt := fmt.Appendf(nil, `{"at":%q,"tool":"claude-code","session":"s","turn":"t","transcript":%q}`, begun.UTC().Format(time.RFC3339), path)
	if err := d.post(d.client, "application/json", prompt); err != nil {
		return nil, err
	}
	time.Sleep(lookSoon)
	reading := time.Now()
	asked, peak, err := meanwhile(d, answers)
	if err != nil {
		return nil, err
	}
	mb := float64(s.transcript) / 1e6 / time.Since(reading).Seconds()
	return []row{
		{fmt.Sprintf("transcript, %d MB, %d k answers", s.transcript/1e6, answers/1000), fmt.Sprintf("%.0f MB/s", mb), fmt.Sprintf("plain read %.0f MB/s: %.2fx", plain, mb/plain), ""},
		{"memory of its own meanwhile", fmt.Sprintf("+%.1f MB", float64(peak-before)/1024), fmt.Sprintf("before %.1f MB", float64(before)/1024), "<= 30 MB"},
		{"an event meanwhile", "p50 " + ms(percentile(asked, 50)) + ", p99 " + ms(percentile(asked, 99)), "", "<= 200 ms"},
	}, nil
}

// meanwhile sends events until all answers are recorded, and tells how long
// each took and the most memory that was seen, without the pages of files.
func meanwhile(d *daemonAt, answers int) (asked []time.Duration, peak int64, err error) {
	for i := 0; ; i++ {
		begun := time.Now()
		if err := d.post(d.client, "application/json", event(i, begun)); err != nil {
			return nil, 0, err
		}
		asked = append(asked, time.Since(begun))
		rss, err := d.proc("status", "RssAnon")
		if err != nil {
			return nil, 0, err
		}
		peak = max(peak, rss)
		resp, err := d.client.Get("http://quotad/v1/about")
		if err != nil {
			return nil, 0, err
		}
		var about struct {
			Follow struct{ Events int }
		}
		if err := errors.Join(json.NewDecoder(resp.Body).Decode(&about), resp.Body.Close()); err != nil {
			return nil, 0, err
		}
		if about.Follow.Events >= answers {
			return asked, peak, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fillTranscript writes a session in which the model reads files: an answer,
// what a tool gave, and now and then a prompt. It tells how many answers there
// are.
func fillTranscript(path string, size int64, begun time.Time) (answers int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	given := strings.Repeat(`    return nil, fmt.Errorf(\"%s: %w\", path, err)\n`, 200)
	for written := int64(0); written < size; answers++ {
		at := begun.Add(time.Duration(answers) * time.Second / 10).UTC().Format(time.RFC3339Nano)
		n, err := fmt.Fprintf(w, `{"type":"assistant","uuid":"a%d","requestId":"r%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"id":"m%d","model":"glm-5.3","role":"assistant","content":[{"type":"tool_use","id":"t%d","name":"Read","input":{"file_path":"/p/f.go"}}],"stop_reason":"tool_use","usage":{"input_tokens":%d,"cache_read_input_tokens":50000,"output_tokens":200}}}
{"type":"user","promptId":"t","uuid":"u%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t%d","content":"%s"}]}}
`, answers, answers, at, answers, answers, answers, answers, at, answers, given)
		if err != nil {
			return 0, err
		}
		written += int64(n)
	}
	return answers, w.Flush()
}

// readPlainly is how many MB/s the file is read by a program that does no more.
func readPlainly(path string) (float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	begun := time.Now()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 256<<10))
	return float64(n) / 1e6 / time.Since(begun).Seconds(), err
}
