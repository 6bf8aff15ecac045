package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"gopkg.in/yaml.v3"
)

// One line of the request log: what Terraform asked for, in the order in which it asked.
type entry struct {
	Op   string `json:"op"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Lengths of the write-only values that arrived, by attribute and key: never the values.
	WriteOnly map[string]map[string]int `json:"write_only,omitempty"`
}

// Appends to the file that ATELIER_MOCK_REQUEST_LOG names; several provider processes share it.
func record(e entry) {
	path := os.Getenv("ATELIER_MOCK_REQUEST_LOG")
	if path == "" {
		return
	}
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = file.Write(append(line, '\n'))
}

// A name a person recognises: that of the object, however its provider spells it.
func nameOf(value tftypes.Value) string {
	if body := text(value, "yaml_body"); body != "" {
		manifest := parse(body)
		return manifest.Kind + "/" + manifest.Metadata.Name
	}
	for _, candidate := range []string{text(value, "metadata", 0, "name"), text(value, "name"), text(value, "id")} {
		if candidate != "" {
			return candidate
		}
	}
	return "?"
}

type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	} `yaml:"metadata"`
}

func parse(body string) (out manifest) {
	_ = yaml.NewDecoder(strings.NewReader(body)).Decode(&out)
	return out
}

func writeOnlyLengths(schema *tfprotov6.Schema, config tftypes.Value) map[string]map[string]int {
	out := map[string]map[string]int{}
	for _, attribute := range schema.Block.Attributes {
		if !attribute.WriteOnly {
			continue
		}
		found, _, err := tftypes.WalkAttributePath(config, tftypes.NewAttributePath().WithAttributeName(attribute.Name))
		if err != nil {
			continue
		}
		value, ok := found.(tftypes.Value)
		if !ok || value.IsNull() || !value.IsKnown() {
			continue
		}
		var elements map[string]tftypes.Value
		if value.As(&elements) != nil {
			continue
		}
		lengths := map[string]int{}
		for key, element := range elements {
			var content string
			if element.As(&content) == nil {
				lengths[key] = len(content)
			}
		}
		out[attribute.Name] = lengths
	}
	return out
}
