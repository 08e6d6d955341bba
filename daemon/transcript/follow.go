package transcript

import (
	"context"
	"encoding/json"
	"io"
	"math"
)

// grammar is how a tool writes its files: each line changes a state S, and may
// tell of events. A state is a value that is copied whole, so that the one
// before a line can be gone back to.
type grammar[S any] struct {
	// wants tells cheaply whether a line can say anything; where not, it is not
	// looked at any closer.
	wants func(line []byte) bool
	// fold takes one line in. It is false where the line cannot be made out.
	fold func(s *S, line []byte, tell func(Item)) bool
	// end tells what is still open when nothing more will come.
	end func(s *S, tell func(Item))
}

// follower is a reading of one file.
type follower[S any] struct {
	grammar[S]
	take  func(Item) error
	mark  Mark // up to which everything was taken
	state S    // there

	told []Item // by the line that is looked at
}

// follow reads a file of lines from a mark on.
func follow[S any](ctx context.Context, src Source, from Mark, final bool, g grammar[S], take func(Item) error) (Mark, error) {
	f, err := openFile(src.Path)
	if err != nil {
		return from, err
	}
	defer f.Close()
	mark, err := resume(f, from)
	if err != nil {
		return from, err
	}
	r := &follower[S]{grammar: g, take: take, mark: mark}
	if len(mark.State) > 0 && json.Unmarshal(mark.State, &r.state) != nil {
		r.mark, r.state = Mark{}, *new(S)
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return from, err
	}
	rest := io.NewSectionReader(f, r.mark.Offset, math.MaxInt64-r.mark.Offset)
	failed := r.run(ctx, rest, end-r.mark.Offset)
	if failed == nil && final {
		failed = r.finish()
	}
	if r.mark.Head, err = headOf(f, r.mark.Offset); err != nil {
		return from, err
	}
	if r.mark.State, err = json.Marshal(r.state); err != nil {
		return from, err
	}
	return r.mark, failed
}

// run takes all lines that are whole.
func (r *follower[S]) run(ctx context.Context, in io.Reader, there int64) error {
	lines := newLines(in, there)
	for n := 0; ; n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, size, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.line(line, size); err != nil {
			return err
		}
	}
}

func (r *follower[S]) line(line []byte, size int64) error {
	offset := r.mark.Offset + size
	understood := true
	if line == nil {
		understood = false
	} else if r.wants(line) {
		state := r.state
		understood = r.fold(&state, line, r.tell)
		if err := r.hand(state, offset); err != nil {
			return err
		}
	}
	r.mark.Offset = offset
	if !understood {
		r.mark.Skipped++
	}
	return nil
}

func (r *follower[S]) finish() error {
	state := r.state
	r.end(&state, r.tell)
	return r.hand(state, r.mark.Offset)
}

func (r *follower[S]) tell(i Item) { r.told = append(r.told, i) }

// hand gives over what was told, and the state with it.
func (r *follower[S]) hand(state S, offset int64) error {
	told := r.told
	r.told = r.told[:0]
	for _, item := range told {
		item.Offset = offset
		if err := r.take(item); err != nil {
			return err
		}
	}
	r.state = state
	return nil
}
