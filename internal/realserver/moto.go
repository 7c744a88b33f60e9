package realserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// Moto is a simulated AWS of other makers: a second opinion. It knows every access key.
type Moto struct {
	*process
	URL string
}

// StartMoto starts moto_server.
func StartMoto(ctx context.Context) (*Moto, error) {
	path, err := exec.LookPath("moto_server")
	if err != nil {
		return nil, fmt.Errorf("moto_server: %w; pip install 'moto[server]'", ErrAbsent)
	}
	dir, err := os.MkdirTemp("", "bursar-moto-")
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	m := &Moto{URL: fmt.Sprintf("http://127.0.0.1:%d", port)}
	m.process, err = begin(ctx, exec.Command(path, "-H", "127.0.0.1", "-p", strconv.Itoa(port)), dir, func() error { return answers(ctx, port) })
	return m, err
}
