// What Debian's Go libraries make of many manifests, for tests/proof/test_manifests.py: each comes on stdin as its
// length, a line break and its bytes; each is answered with one line of JSON: reader -> documents.
//
// "kubectl" and "kubectl 1.20" take a stream apart as k8s.io/apimachinery does (util/yaml: JSON if it begins with a
// brace, else documents between lines that begin with "---") and read each document with sigs.k8s.io/yaml. "yaml.v2" and
// "yaml.v3" read the stream as it is, the latter as compose does.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"
	sigs "sigs.k8s.io/yaml"
)

func kubectl(text []byte, isMark func(rest string) bool) []json.RawMessage {
	documents := []json.RawMessage{}
	if bytes.HasPrefix(bytes.TrimLeftFunc(text, unicode.IsSpace), []byte("{")) {
		for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
			var document json.RawMessage
			if decoder.Decode(&document) != nil {
				return documents
			}
			var value interface{} // of two equal names the last counts
			if json.Unmarshal(document, &value) == nil {
				plain, _ := json.Marshal(value)
				documents = append(documents, plain)
			}
		}
	}
	var chunk []byte
	finish := func() bool {
		if len(chunk) == 0 {
			return true
		}
		document, err := sigs.YAMLToJSON(chunk)
		chunk = nil
		if err == nil {
			documents = append(documents, document)
		}
		return err == nil
	}
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line = text[:end]
		}
		text = text[len(line):]
		if len(text) > 0 {
			text = text[1:]
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if bytes.HasPrefix(line, []byte("---")) && isMark(strings.TrimSpace(string(line[3:]))) {
			if !finish() {
				return documents
			}
			continue
		}
		chunk = append(append(chunk, line...), '\n')
	}
	finish()
	return documents
}

// As JSON has it: names are texts.
func plain(value interface{}) interface{} {
	switch value := value.(type) {
	case map[interface{}]interface{}:
		object := map[string]interface{}{}
		for key, member := range value {
			object[fmt.Sprint(key)] = plain(member)
		}
		return object
	case map[string]interface{}:
		for key, member := range value {
			value[key] = plain(member)
		}
	case []interface{}:
		for i := range value {
			value[i] = plain(value[i])
		}
	}
	return value
}

func stream(decode func(interface{}) error) (documents []json.RawMessage) {
	documents = []json.RawMessage{}
	defer func() { recover() }() // a reader that falls over has run nothing more
	for {
		var value interface{}
		if decode(&value) != nil {
			return
		}
		document, err := json.Marshal(plain(value))
		if err != nil {
			return
		}
		documents = append(documents, document)
	}
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		var length int
		if _, err := fmt.Fscanf(input, "%d\n", &length); err != nil {
			return
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(input, text); err != nil {
			return
		}
		answer, _ := json.Marshal(map[string][]json.RawMessage{
			"kubectl":      kubectl(text, func(rest string) bool { return rest == "" }),
			"kubectl 1.20": kubectl(text, func(rest string) bool { return rest == "" || rest[0] == '#' }),
			"yaml.v2":      stream(yaml2.NewDecoder(bytes.NewReader(text)).Decode),
			"yaml.v3":      stream(yaml3.NewDecoder(bytes.NewReader(text)).Decode),
		})
		fmt.Printf("%s\n", answer)
	}
}
