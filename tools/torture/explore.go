package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// exhaustive is up to how many changes that no sync covered every subset is
// tried.
const exhaustive = 10

// findings are what the images of one scenario came to.
type findings struct {
	name    string
	lines   int // of the trace
	writes  int
	syncs   int
	acks    int
	kills   int // kills before a call
	cuts    int // images that were made, those of kills among them
	images  int // of those, how many were not the same as another
	torn    int // of the cuts
	told    int // images whose damage was found and told
	failed  int
	reasons []string // of the first few that failed, and where they are kept
}

// explorer makes images of a disk and has them judged.
type explorer struct {
	disk     *disk
	judge    *judge
	state    string   // the state folder, relative to the disk's root
	promised []string // durable before the trace began
	keep     string   // a folder for images that fail
	may      bool     // damage may be told: there was some before the trace began

	mu    sync.Mutex
	seen  map[string]verdict // by image
	found findings
}

// maxReasons is how many failures are told and kept.
const maxReasons = 5

// explore tries kills, n random cuts and, where all is set, every subset of the
// pending changes at each sync that has few.
func (x *explorer) explore(n int, all bool, seed uint64) (findings, error) {
	x.seen = map[string]verdict{}
	x.count()
	cuts := make(chan *cut)
	var workers sync.WaitGroup
	var broken error
	for range 2 {
		workers.Go(func() {
			for c := range cuts {
				if err := x.try(c); err != nil {
					x.mu.Lock()
					broken = err
					x.mu.Unlock()
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		cuts <- &cut{
			line: x.moment(r), way: way(r.IntN(int(ways))), journal: r.IntN(2) == 0,
			rand: rand.New(rand.NewPCG(r.Uint64(), 0)),
		}
	}
	x.kills(cuts, max(n, fewKills), r)
	if all {
		x.subsets(cuts, r)
	}
	close(cuts)
	workers.Wait()
	return x.found, broken
}

// moment is when the power is cut: any time, or as often just after a name
// changed, when what it is of has to be there.
func (x *explorer) moment(r *rand.Rand) int {
	const soon = 10 // lines
	if n := len(x.disk.entries); n > 0 && r.IntN(2) == 0 {
		return min(x.disk.entries[r.IntN(n)].end+r.IntN(soon), x.disk.lines)
	}
	return r.IntN(x.disk.lines + 1)
}

func (x *explorer) count() {
	x.found.lines, x.found.syncs, x.found.acks = x.disk.lines, len(x.disk.syncs), len(x.disk.acks)
	for _, f := range x.disk.files {
		x.found.writes += len(f.changes)
	}
	x.found.writes += len(x.disk.entries)
}

// fewKills is before how many of the changes to one file the process is killed,
// where there are not more random cuts than that.
const fewKills = 50

// kills ends the process before each of its calls that changes something, of a
// file with very many before some, as many as most: all that it did is there.
func (x *explorer) kills(cuts chan<- *cut, most int, r *rand.Rand) {
	lines := []int{x.disk.lines}
	for _, f := range x.disk.files {
		changes := r.Perm(len(f.changes))
		for _, i := range changes[:min(len(changes), most)] {
			lines = append(lines, f.changes[i].start-1)
		}
	}
	for _, e := range x.disk.entries {
		lines = append(lines, e.start-1)
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		x.found.kills++
		cuts <- &cut{line: line, way: everything, rand: rand.New(rand.NewPCG(r.Uint64(), 0))}
	}
}

// subsets cuts the power just before each sync ends, when most is pending.
func (x *explorer) subsets(cuts chan<- *cut, r *rand.Rand) {
	for _, s := range x.disk.syncs {
		for _, journal := range []bool{false, true} {
			c := cut{line: s.end - 1, journal: journal, exact: true, rand: r}
			n := x.disk.count(&c)
			if n > exhaustive {
				continue
			}
			for mask := range uint64(1) << n {
				c := c
				c.mask, c.rand = mask, rand.New(rand.NewPCG(r.Uint64(), mask))
				cuts <- &c
			}
		}
	}
}

// try judges the image of one cut.
func (x *explorer) try(c *cut) error {
	im := x.disk.image(c)
	sum := fmt.Sprintf("%x", im.sum())
	x.mu.Lock()
	v, known := x.seen[sum]
	x.mu.Unlock()
	if !known {
		var err error
		if v, err = x.open(im); err != nil {
			return err
		}
	}
	x.note(c, im, sum, known, v)
	return nil
}

// open puts an image into memory and opens it.
func (x *explorer) open(im image) (verdict, error) {
	dir, err := os.MkdirTemp(inMemory(), "quotad-image")
	if err != nil {
		return verdict{}, err
	}
	defer os.RemoveAll(dir)
	if err := im.write(dir); err != nil {
		return verdict{}, err
	}
	return x.judge.look(filepath.Join(dir, x.state)), nil
}

// inMemory is a folder whose syncs cost nothing, where there is one.
func inMemory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return ""
}

// note holds a verdict against what was promised before the cut.
func (x *explorer) note(c *cut, im image, sum string, known bool, v verdict) {
	wrong := v.wrong
	if wrong == "" {
		wrong = v.missing(x.due(c.line))
	}
	if wrong == "" && v.told != "" && !x.may {
		wrong = "damage is told where there must be none: " + v.told
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen[sum] = v
	x.found.cuts++
	if !known {
		x.found.images++
		if v.told != "" {
			x.found.told++
		}
	}
	if !c.exact && c.way >= torn {
		x.found.torn++
	}
	if wrong == "" {
		return
	}
	x.found.failed++
	if len(x.found.reasons) < maxReasons {
		kept := ""
		if x.keep != "" {
			dir := filepath.Join(x.keep, fmt.Sprintf("%s-%d", x.found.name, len(x.found.reasons)))
			if err := os.MkdirAll(dir, 0o700); err == nil && im.write(dir) == nil {
				kept = ", kept in " + dir
			}
		}
		x.found.reasons = append(x.found.reasons, fmt.Sprintf("%v: %s%s", c, wrong, kept))
	}
}

// due is what has to be there after a cut.
func (x *explorer) due(line int) []string {
	due := slices.Clone(x.promised)
	for _, a := range x.disk.acks {
		if a.line <= line {
			due = append(due, a.ids...)
		}
	}
	slices.Sort(due)
	return slices.Compact(due)
}
