package transcript

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// transcriptOf writes a transcript that is at least that large: prompts and
// answers, and between them what tools gave, which is most of it.
func transcriptOf(b *testing.B, size int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "s-1.jsonl")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	code := strings.Repeat(`func main() {\n\tfmt.Println(\"hello\")\n}\n// what it is for, said in a line or two\n`, 100)
	for n, written := 0, 0; written < size; n++ {
		var line string
		switch n % 8 {
		case 0:
			line = numbered(n)
		case 1, 3, 5, 7:
			line = claudeAnswer(fmt.Sprint("m-", n), `"tool_use"`, 7, "")
		case 2, 4:
			line = claudeUser(fmt.Sprint("u-", n), `[{"tool_use_id":"x","type":"tool_result","content":"`+code+`"}]`, fmt.Sprintf(`"promptId":"t-%d",`, n))
		case 6:
			line = `{"type":"attachment","attachment":{"type":"file","content":"` + code + `"}}`
		}
		m, err := w.WriteString(line + "\n")
		if err != nil {
			b.Fatal(err)
		}
		written += m
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkTranscript reads a whole transcript; QUOTAD_BENCH_MIB says how large.
func BenchmarkTranscript(b *testing.B) {
	mib, err := strconv.Atoi(os.Getenv("QUOTAD_BENCH_MIB"))
	if err != nil {
		mib = 64
	}
	src := Source{Tool: claudeCode, Path: transcriptOf(b, mib<<20)}
	b.SetBytes(int64(mib) << 20)
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		events = 0
		if _, err := Read(context.Background(), src, Mark{}, true, func(Item) error { events++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(events), "events/op")
}

// BenchmarkFollow reads what one turn added to a large transcript.
func BenchmarkFollow(b *testing.B) {
	path := transcriptOf(b, 16<<20)
	src := Source{Tool: claudeCode, Path: path}
	none := func(Item) error { return nil }
	mark, err := Read(context.Background(), src, Mark{}, false, none)
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(numbered(1) + "\n" + claudeAnswer("last", `"end_turn"`, 7, "") + "\n"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(context.Background(), src, mark, false, none); err != nil {
			b.Fatal(err)
		}
	}
}
