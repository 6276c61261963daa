package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/afina-hpo/afina/launch"
)

// resolve finds the file to execute for job and checks what can be checked
// before a process is made, because only here is it known which of the folder
// and the program is at fault. Its errors are *launch.StartError.
func resolve(job launch.Job) (string, error) {
	if len(job.Argv) == 0 || job.Argv[0] == "" {
		return "", &launch.StartError{Argv0: `""`, Err: errors.New("the command is empty")}
	}
	argv0 := job.Argv[0]
	fail := func(format string, args ...any) (string, error) {
		return "", &launch.StartError{Argv0: argv0, Err: fmt.Errorf(format, args...)}
	}
	for _, a := range job.Argv {
		if strings.IndexByte(a, 0) >= 0 {
			return fail("the argument %q contains a NUL byte", a)
		}
	}
	for _, e := range job.Env {
		if strings.IndexByte(e, 0) >= 0 {
			return fail("the environment variable %q contains a NUL byte", e)
		}
	}
	switch fi, err := os.Stat(job.Dir); {
	case job.Dir == "":
		return fail("no working directory is given")
	case errors.Is(err, fs.ErrNotExist):
		return fail("the working directory %q does not exist: %w", job.Dir, fs.ErrNotExist)
	case err != nil:
		return fail("the working directory %q cannot be used: %w", job.Dir, err)
	case !fi.IsDir():
		return fail("the working directory %q is not a folder: %w", job.Dir, syscall.ENOTDIR)
	}
	dir, err := filepath.Abs(job.Dir)
	if err != nil {
		return fail("the working directory %q cannot be used: %w", job.Dir, err)
	}

	if strings.ContainsRune(argv0, '/') || strings.ContainsRune(argv0, filepath.Separator) {
		path := argv0
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		path, err := executable(path)
		if err != nil {
			return "", &launch.StartError{Argv0: argv0, Err: err}
		}
		return path, nil
	}

	search, ok := lookupEnv(job.Env, "PATH")
	if !ok || search == "" {
		return fail("it has no slash and the trial's environment has no PATH to look it up in: %w", fs.ErrNotExist)
	}
	var denied error
	for _, d := range filepath.SplitList(search) {
		// A relative entry would make the program depend on the folder, which
		// is how a file of a data set gets executed.
		if !filepath.IsAbs(d) {
			continue
		}
		path, err := executable(filepath.Join(d, argv0))
		if err == nil {
			return path, nil
		}
		if denied == nil && errors.Is(err, fs.ErrPermission) {
			denied = err
		}
	}
	if denied != nil {
		return "", &launch.StartError{Argv0: argv0, Err: denied}
	}
	if _, err := os.Stat(filepath.Join(dir, argv0)); err == nil {
		return fail("it is not in the trial's PATH; to run the file in the working directory write ./%s: %w", argv0, fs.ErrNotExist)
	}
	return fail("it is not in the trial's PATH; is it installed, is the environment active?: %w", fs.ErrNotExist)
}

// executable returns the path under which the file can be executed, or says
// why it cannot be.
func executable(path string) (string, error) {
	for _, ext := range exeSuffixes {
		fi, err := os.Stat(path + ext)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", err
		case fi.IsDir():
			return "", fmt.Errorf("%s is a folder: %w", path, fs.ErrPermission)
		case needsExecBit && fi.Mode()&0o111 == 0:
			return "", fmt.Errorf("%s is not executable; name its interpreter first (python %s) or run chmod +x %s: %w",
				path, filepath.Base(path), path, fs.ErrPermission)
		}
		return path + ext, nil
	}
	return "", fmt.Errorf("there is no file %s: %w", path, fs.ErrNotExist)
}

// lookupEnv returns the last value of name in env, as the C library would
// with duplicates removed.
func lookupEnv(env []string, name string) (string, bool) {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(env[i], "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// execError turns the error number of a failed fork or exec of path into what
// Start returns: a *launch.StartError where it is the user's to mend, a plain
// error where another try may help.
func execError(argv0, path string, errno syscall.Errno) error {
	var err error
	switch errno {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EINTR, syscall.EIO:
		return fmt.Errorf("start %s: no process could be made: %w", argv0, errno)
	case syscall.ETXTBSY:
		return fmt.Errorf("start %s: %s is being written: %w", argv0, path, errno)
	case syscall.ENOEXEC:
		err = fmt.Errorf("%s is not a program of this system: name its interpreter first, "+
			"or begin it with a line such as #!/usr/bin/env python3 (%w)", path, errno)
	case syscall.ENOENT:
		if in := interpreter(path); in != "" {
			err = fmt.Errorf("%s names the interpreter %q in its first line, which does not exist: %w", path, in, errno)
		} else {
			err = fmt.Errorf("%s or the loader or folder it needs does not exist: %w", path, errno)
		}
	case syscall.EACCES, syscall.EPERM:
		err = fmt.Errorf("%s may not be executed (its folder, a noexec mount or its interpreter forbids it): %w", path, errno)
	case syscall.E2BIG:
		err = fmt.Errorf("arguments and environment together are too long for this system: %w", errno)
	default:
		err = fmt.Errorf("%s: %w", path, errno)
	}
	return &launch.StartError{Argv0: argv0, Err: err}
}

// interpreter returns the program named in the #! line of the file, or "".
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head)
	line, ok := bytes.CutPrefix(head[:n], []byte("#!"))
	if !ok {
		return ""
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	return strings.TrimRight(strings.TrimSpace(string(line)), "\r")
}
