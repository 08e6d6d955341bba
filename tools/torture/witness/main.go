// Command witness posts one event after the other to a daemon and says on
// standard output which were acknowledged, until none is any more.
//
//	witness SOCKET NAME
package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: witness SOCKET NAME")
		os.Exit(2)
	}
	socket, name := os.Args[1], os.Args[2]
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for i := 1; ; i++ {
		id := fmt.Sprintf("%s-%d", name, i)
		line := api.EncodeEvent(quota.Event{ID: id, Kind: quota.KindPrompt, At: quota.Milli(time.Now())})
		resp, err := client.Post("http://quotad/v1/events", "application/json", bytes.NewReader(line))
		if err != nil || resp.StatusCode != http.StatusOK {
			fmt.Println("REFUSED", err)
			return
		}
		resp.Body.Close()
		fmt.Printf("ACK %s.\n", id)
	}
}
