package realserver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ClickHouse is a ClickHouse server that speaks HTTP at 127.0.0.1, with the user default and no password.
type ClickHouse struct {
	*process
	URL string
}

// launcher calls what the library of the npm package chdb has inside: "clickhouse local", which can listen.
const launcher = `#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
	void *lib = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	if (!lib) { fprintf(stderr, "%s\n", dlerror()); return 1; }
	void *(*run)(int, char **) = dlsym(lib, "chdb_query_cmdline");
	if (!run) { fprintf(stderr, "%s\n", dlerror()); return 1; }
	argv[1] = "clickhouse";
	run(argc - 1, argv + 1);
	return 0;
}
`

const config = `<clickhouse><tcp_port>%d</tcp_port><http_port>%d</http_port><path>%s/</path><max_server_memory_usage>4000000000</max_server_memory_usage></clickhouse>
`

// StartClickHouse starts the ClickHouse that the npm package chdb brings.
func StartClickHouse(ctx context.Context) (*ClickHouse, error) {
	lib, err := chdb()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bursar-clickhouse-")
	if err != nil {
		return nil, err
	}
	program, err := compile(ctx, dir)
	if err != nil {
		return nil, err
	}
	tcp, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(dir+"/config.xml", fmt.Appendf(nil, config, tcp, port, dir), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, lib, "--config-file", dir+"/config.xml", "--path", dir, "--query",
		"SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM numbers(86400) SETTINGS max_block_size=1 FORMAT Null")
	cmd.Dir = dir
	c := &ClickHouse{URL: fmt.Sprintf("http://127.0.0.1:%d", port)}
	c.process, err = begin(ctx, cmd, dir, func() error {
		if err := answers(ctx, port); err != nil {
			return err
		}
		resp, err := http.Get(c.URL + "/ping")
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	})
	return c, err
}

// chdb finds the library: LIBCHDB names it, or .ci/run has installed it into this clone's tools.
func chdb() (string, error) {
	if lib := os.Getenv("LIBCHDB"); lib != "" {
		return lib, nil
	}
	_, here, _, _ := runtime.Caller(0)
	roots := []string{filepath.Dir(filepath.Dir(filepath.Dir(here)))}
	if wd, err := os.Getwd(); err == nil { // a build that trims paths does not say where the source is
		for dir := wd; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			roots = append(roots, dir)
		}
	}
	for _, root := range roots {
		found, _ := filepath.Glob(root + "/.data/tools/node_modules/@chdb/lib-*/libchdb.so")
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("ClickHouse, of the npm package chdb: %w; npm install --prefix .data/tools chdb@3.4.0", ErrAbsent)
}

func compile(ctx context.Context, dir string) (string, error) {
	if err := os.WriteFile(dir+"/launcher.c", []byte(launcher), 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "launcher")
	if said, err := exec.CommandContext(ctx, "cc", "-o", program, dir+"/launcher.c", "-ldl").CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc: %w\n%s", err, said)
	}
	return program, nil
}
