package daemon

import (
	"errors"
	"io/fs"
	"net"
	"os"

	"quotad/daemon/api"
)

// listen takes the socket that systemd hands over, or makes its own.
func listen(path string) (ln net.Listener, handed bool, err error) {
	if ln, handed, err = api.Activated(); handed || err != nil {
		return ln, handed, err
	}
	ln, err = api.Listen(path)
	return ln, false, err
}

// hear answers on a listener until the service stops.
func (d *service) hear(ln net.Listener) {
	d.parts.Go(func() {
		if err := d.server.Serve(ln); err != nil {
			select {
			case d.failed <- err:
			default:
			}
		}
	})
}

// keepSocket makes the socket anew where its file was taken away, as logind
// does with the whole folder at a user's last logout. What hinders it is said
// once.
func (d *service) keepSocket() {
	d.keeping.Lock()
	defer d.keeping.Unlock()
	if _, err := os.Lstat(d.Paths.Socket); d.handed || !errors.Is(err, fs.ErrNotExist) {
		return
	}
	ln, err := api.Listen(d.Paths.Socket)
	if err != nil {
		if !d.deaf {
			d.spare.Warn().Err(err).Msg("the socket was taken away, and cannot be made again yet")
		}
		d.deaf = true
		return
	}
	d.deaf = false
	d.spare.Warn().Str("socket", d.Paths.Socket).Msg("the socket was taken away; it is there again")
	d.hear(ln)
}
