package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What a keeper receives. Config holds the write-only values too, as the real provider would send them.
type request struct {
	Op     string `json:"op"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Prior  any    `json:"prior"`
	Config any    `json:"config"`
}

// Hands a change to whoever listens at ATELIER_MOCK_KEEPER and keeps the objects in this provider's place;
// false when the object is gone. Without one nothing is kept and everything is there.
func keep(ctx context.Context, asked request) (bool, error) {
	address := os.Getenv("ATELIER_MOCK_KEEPER")
	if address == "" {
		return true, nil
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return false, err
	}
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	reply, err := http.DefaultClient.Do(call)
	if err != nil {
		return false, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	switch {
	case err != nil:
		return false, err
	case reply.StatusCode == http.StatusNotFound:
		return false, nil
	case reply.StatusCode != http.StatusOK:
		return false, fmt.Errorf("%s", strings.TrimSpace(string(text)))
	}
	return true, nil
}

// A name a person recognises: that of the object, however its provider spells it.
func nameOf(value tftypes.Value) string {
	for _, candidate := range []string{text(value, "metadata", 0, "name"), text(value, "name"), text(value, "id")} {
		if candidate != "" {
			return candidate
		}
	}
	return "?"
}

// A value as JSON has it; what is unknown becomes null.
func plain(value tftypes.Value) any {
	if !value.IsKnown() || value.IsNull() {
		return nil
	}
	kind := value.Type()
	switch {
	case kind.Is(tftypes.String):
		var out string
		_ = value.As(&out)
		return out
	case kind.Is(tftypes.Bool):
		var out bool
		_ = value.As(&out)
		return out
	case kind.Is(tftypes.Number):
		var out big.Float
		_ = value.As(&out)
		return json.Number(out.Text('g', -1))
	case kind.Is(tftypes.Map{}), kind.Is(tftypes.Object{}):
		var elements map[string]tftypes.Value
		_ = value.As(&elements)
		out := map[string]any{}
		for key, element := range elements {
			out[key] = plain(element)
		}
		return out
	}
	var elements []tftypes.Value
	_ = value.As(&elements)
	out := []any{}
	for _, element := range elements {
		out = append(out, plain(element))
	}
	return out
}
