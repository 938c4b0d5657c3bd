// Sumdbcheck checks what this project signs and publishes with the code of Go's checksum database: golang.org/x/mod,
// packages sumdb/note and sumdb/tlog. Nothing of this project takes part.
//
//	sumdbcheck note VKEY NOTE              the key signed the note, and its text is a checkpoint
//	sumdbcheck changes VKEY NOTE           which bytes of a note can be changed unnoticed, and to what; all are tried
//	sumdbcheck log VKEY DIR [OLD...]       all tiles and entries of a published log; it continues each old checkpoint
//	sumdbcheck record VKEY PROOF ENTRY     a .tlog-proof that we wrote proves the entry
//	sumdbcheck tree VKEY OLD NEW HASHES    a consistency proof that we made connects two checkpoints
//
// VKEY is the key itself; the rest are files. The exit status is 1 if anything is wrong.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// height of the tiles of C2SP tlog-tiles.
const height = 8

func main() {
	args := os.Args[1:]
	checks := map[string]func(note.Verifier, []string) (string, error){
		"note": checkNote, "changes": findChanges, "log": checkLog, "record": checkRecord, "tree": checkTree,
	}
	if len(args) < 3 || checks[args[0]] == nil {
		fail(errors.New("usage: sumdbcheck note|changes|log|record|tree VKEY FILE..."))
	}
	key, err := note.NewVerifier(args[1])
	if err != nil {
		fail(err)
	}
	found, err := checks[args[0]](key, args[2:])
	if err != nil {
		fail(err)
	}
	fmt.Println(found)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "sumdbcheck:", err)
	os.Exit(1)
}

// openCheckpoint verifies a note and reads it as a checkpoint of the key's log. (tlog.ParseTree does not serve: it
// insists on the origin of Go's own database.)
func openCheckpoint(key note.Verifier, data []byte) (tlog.Tree, error) {
	opened, err := note.Open(data, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() || lines[3] != "" {
		return tlog.Tree{}, errors.New("the note is not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return tlog.Tree{}, errors.New("the size is not a number")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func readCheckpoint(key note.Verifier, path string) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(key, data)
}

func checkNote(key note.Verifier, files []string) (string, error) {
	tree, err := readCheckpoint(key, files[0])
	return fmt.Sprintf("size %d root %v", tree.N, tree.Hash), err
}

// findChanges tries every other value of every byte, and returns a line "POSITION VALUE" for each that is accepted.
func findChanges(key note.Verifier, files []string) (string, error) {
	data, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	var accepted []string
	for i, before := range data {
		for value := 0; value < 256; value++ {
			data[i] = byte(value)
			if _, err := openCheckpoint(key, data); err == nil && data[i] != before {
				accepted = append(accepted, fmt.Sprintf("%d %d", i, value))
			}
		}
		data[i] = before
	}
	return strings.Join(accepted, "\n"), nil
}

// folder reads tiles as C2SP tlog-tiles lays them out: Go's paths without the height, `entries` for Go's `data`.
type folder string

func (folder) Height() int                         { return height }
func (folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		found[i] = data
	}
	return found, nil
}

func (f folder) read(tile tlog.Tile) ([]byte, error) {
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	return os.ReadFile(filepath.Join(string(f), strings.Replace(path, "tile/data/", "tile/entries/", 1)))
}

// entries reads an entry bundle.
func (f folder) entries(n int64, width int) ([][]byte, error) {
	data, err := f.read(tlog.Tile{H: height, L: -1, N: n, W: width})
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("an entry bundle is cut short")
		}
		length := int(binary.BigEndian.Uint16(data))
		found = append(found, data[2:2+length])
		data = data[2+length:]
	}
	if len(found) != width {
		return nil, errors.New("an entry bundle has another number of entries")
	}
	return found, nil
}

func checkLog(key note.Verifier, files []string) (string, error) {
	tiles := folder(files[0])
	tree, err := readCheckpoint(key, filepath.Join(files[0], "checkpoint"))
	if err != nil {
		return "", err
	}
	// Every hash that comes out of this reader was checked against the signed root.
	reader := tlog.TileHashReader(tree, tiles)
	records := 0
	for start := int64(0); start < tree.N; start += 1 << height {
		width := int64(1 << height)
		if tree.N-start < width {
			width = tree.N - start
		}
		entries, err := tiles.entries(start>>height, int(width))
		if err != nil {
			return "", err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return "", err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != hashes[i] {
				return "", fmt.Errorf("record %d is not the one in the tree", start+int64(i))
			}
		}
		// A full proof for the first and the last of each bundle.
		for _, i := range []int64{0, width - 1} {
			proof, err := tlog.ProveRecord(tree.N, start+i, reader)
			if err != nil {
				return "", err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, start+i, tlog.RecordHash(entries[i])); err != nil {
				return "", err
			}
		}
		records += len(entries)
	}
	for _, path := range files[1:] {
		old, err := readCheckpoint(key, path)
		if err != nil {
			return "", err
		}
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return "", err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("size %d root %v records %d old %d", tree.N, tree.Hash, records, len(files)-1), nil
}

func checkRecord(key note.Verifier, files []string) (string, error) {
	if len(files) != 2 {
		return "", errors.New("record needs a proof and an entry")
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	entry, err := os.ReadFile(files[1])
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(string(data), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return "", errors.New("the file is not a proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	hashes, err := parseHashes(lines[2:])
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(key, []byte(parts[1]))
	if err != nil {
		return "", err
	}
	err = tlog.CheckRecord(tlog.RecordProof(hashes), tree.N, tree.Hash, index, tlog.RecordHash(entry))
	return fmt.Sprintf("record %d size %d", index, tree.N), err
}

func checkTree(key note.Verifier, files []string) (string, error) {
	if len(files) != 3 {
		return "", errors.New("tree needs two checkpoints and a file of hashes")
	}
	old, err := readCheckpoint(key, files[0])
	if err != nil {
		return "", err
	}
	tree, err := readCheckpoint(key, files[1])
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(files[2])
	if err != nil {
		return "", err
	}
	hashes, err := parseHashes(strings.Fields(string(data)))
	if err != nil {
		return "", err
	}
	err = tlog.CheckTree(tlog.TreeProof(hashes), tree.N, tree.Hash, old.N, old.Hash)
	return fmt.Sprintf("size %d continues %d", tree.N, old.N), err
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(lines))
	for i, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}
