package remote

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// readFiles prints a line per file: its content in base64, so that any bytes come through; "-" when there is none.
const readFiles = `for f do
  if [ -f "$f" ]; then printf + && base64 -w0 <"$f" && echo || exit 1
  elif [ -e "$f" ] || [ -L "$f" ]; then echo "$f is not a file" >&2; exit 1
  else echo -
  fi
done`

// ReadFiles reads files in one round trip. A missing one is missing from the answer.
func (c *Conn) ReadFiles(ctx context.Context, paths ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	if len(paths) == 0 {
		return files, nil
	}
	result, err := c.repeat(ctx, Script("reading "+strings.Join(paths, ", "), readFiles, paths...), nil)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(result.Stdout), "\n"), "\n")
	if len(lines) != len(paths) {
		return nil, fmt.Errorf("%s: %d answers to the reading of %d files", c.Host(), len(lines), len(paths))
	}
	for i, line := range lines {
		encoded, exists := strings.CutPrefix(line, "+")
		if !exists {
			continue
		}
		if files[paths[i]], err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("%s: the content of %s did not come through: %w", c.Host(), paths[i], err)
		}
	}
	return files, nil
}

// ReadFile reads a file. A missing one is fs.ErrNotExist.
func (c *Conn) ReadFile(ctx context.Context, path string) ([]byte, error) {
	files, err := c.ReadFiles(ctx, path)
	if err != nil {
		return nil, err
	}
	content, ok := files[path]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: c.Host() + ":" + path, Err: fs.ErrNotExist}
	}
	return content, nil
}

const exists = `if [ -e "$1" ] || [ -L "$1" ]; then echo yes; else echo no; fi`

// Exists reports whether there is anything at path: a file, a folder, a link to nowhere.
func (c *Conn) Exists(ctx context.Context, path string) (bool, error) {
	result, err := c.repeat(ctx, Script("looking for "+path, exists, path), nil)
	return result.Text() == "yes", err
}

// Remove removes files, whether they exist or not. Folders it refuses.
func (c *Conn) Remove(ctx context.Context, paths ...string) error {
	if len(paths) == 0 {
		return nil
	}
	_, err := c.repeat(ctx, Command{Title: "removing " + strings.Join(paths, ", "), Argv: append([]string{"rm", "-f", "--"}, paths...)}, nil)
	return err
}

// writeFile replaces $1, with mode $2, by its input, whose SHA-256 is $3. The input of a connection that broke ends
// early, and must not become the file: hence the sum. A file in the place of the old one, and not written over it, is
// never seen half.
const writeFile = `set -eu
file=$1 mode=$2 sum="$3  -" folder=$(dirname -- "$1")
if [ -f "$file" ] && ! [ -L "$file" ] && [ "$(stat -c %a:%u -- "$file")" = "$mode:$(id -u)" ] && [ "$(sha256sum <"$file")" = "$sum" ]; then
  cat >/dev/null
  exit
fi
mkdir -p -- "$folder"
new=$(mktemp -- "$folder/.onprem.XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
chmod -- "$mode" "$new"
cat >"$new"
[ "$(sha256sum <"$new")" = "$sum" ] || { echo "the content of $file did not come through" >&2; exit 1; }
sync -- "$new"
mv -fT -- "$new" "$file"
sync -- "$folder"
! command -v restorecon >/dev/null || restorecon -- "$file"
echo changed`

// WriteFile makes a file have a content and a mode, with root as its owner, and reports whether that changed anything.
// The file is replaced as a whole or not at all. Folders on the way to it are made.
func (c *Conn) WriteFile(ctx context.Context, path string, content []byte, mode fs.FileMode) (changed bool, err error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	result, err := c.repeat(ctx, Script("writing "+path, writeFile, path, octal(mode), sum), content)
	return result.Text() == "changed", err
}

func octal(mode fs.FileMode) string { return strconv.FormatUint(uint64(mode.Perm()), 8) }

// upload replaces $1, with mode $2, by its input of $3 bytes.
const upload = `set -eu
mkdir -p -- "$(dirname -- "$1")"
new=$(mktemp -- "$1.XXXXXXXX")
trap 'rm -f -- "$new"' EXIT
chmod -- "$2" "$new"
cat >"$new"
[ "$(stat -c %s -- "$new")" = "$3" ] || { echo "$1 did not come through whole" >&2; exit 1; }
mv -fT -- "$new" "$1"`

// Upload streams size bytes into a file, which is replaced as a whole or not at all. progress, which may be nil, is
// told how much was sent so far.
func (c *Conn) Upload(ctx context.Context, path string, content io.Reader, size int64, mode fs.FileMode, progress func(sent int64)) error {
	cmd := Script("uploading "+path, upload, path, octal(mode), strconv.FormatInt(size, 10))
	cmd.Stdin = &counter{r: content, report: progress}
	_, err := c.Run(ctx, cmd)
	return err
}

// The archive of a connection that broke ends early, which tar takes for its end where the cut falls between two
// files. So the folder gets its name only when we, who know, say that all of it arrived.
const (
	unpack = `set -eu
mkdir -p -- "$(dirname -- "$1")"
rm -rf -- "$1.partial"
mkdir -- "$1.partial"
tar --no-same-owner -x $2 -C "$1.partial" -f -`
	unpacked = `set -eu
rm -rf -- "$1"
mv -T -- "$1.partial" "$1"`
)

// Unpack streams a tar archive, compressed by gzip or not, into a folder, which is replaced as a whole or not at all.
// progress, which may be nil, is told how much was sent so far.
func (c *Conn) Unpack(ctx context.Context, folder string, archive io.Reader, progress func(sent int64)) error {
	buffered := bufio.NewReader(&counter{r: archive, report: progress})
	compression := ""
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		compression = "-z"
	}
	cmd := Script("unpacking into "+folder, unpack, folder, compression)
	cmd.Stdin = buffered
	if _, err := c.Run(ctx, cmd); err != nil {
		return err
	}
	_, err := c.Run(ctx, Script("unpacking into "+folder, unpacked, folder))
	return err
}

// counter reports how much was read of r.
type counter struct {
	r      io.Reader
	n      int64
	report func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.report != nil && n > 0 {
		c.report(c.n)
	}
	return n, err
}
