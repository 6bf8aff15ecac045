package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Data sources. `http` answers from the folder that ATELIER_MOCK_DOWNLOADS names: a GET with the file that is
// called like the end of the address (404 without one), a HEAD with 200 where the file `HEAD` is there; a registry of images, where
// the file `v2` is, has everything, with a digest that its address gives.
func (p *provider) ReadDataSource(_ context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	schema := p.schemas.dataSources[req.TypeName]
	config, err := req.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	planned, err := plan(schema, config, true)
	if err != nil {
		return nil, err
	}
	known := map[string]tftypes.Value{}
	if req.TypeName == "http" {
		url := text(config, "url")
		name := path.Base(url)
		if strings.Contains(url, "/v2/") {
			name = "v2"
			digest := tftypes.NewValue(tftypes.String, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(url))))
			known["response_headers"] = tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"Docker-Content-Digest": digest})
		} else if text(config, "method") == "HEAD" {
			name = "HEAD"
		}
		body, err := os.ReadFile(filepath.Join(os.Getenv("ATELIER_MOCK_DOWNLOADS"), name))
		status := 200.0
		if errors.Is(err, os.ErrNotExist) {
			status = 404
			delete(known, "response_headers")
		} else if err != nil {
			return &tfprotov6.ReadDataSourceResponse{Diagnostics: failed("Download", err)}, nil
		}
		known["status_code"] = tftypes.NewValue(tftypes.Number, big.NewFloat(status))
		known["response_body"] = tftypes.NewValue(tftypes.String, string(body))
		known["body"] = known["response_body"]
	}
	settled, err := settle(planned, known)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(schema.ValueType(), settled)
	return &tfprotov6.ReadDataSourceResponse{State: &state}, err
}

// Ephemeral values: a `result` as long as `length` asks for, of letters and digits, another one each time.
func (p *provider) OpenEphemeralResource(_ context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	schema := p.schemas.ephemerals[req.TypeName]
	config, err := req.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	length := big.NewFloat(16)
	if found, _, err := tftypes.WalkAttributePath(config, tftypes.NewAttributePath().WithAttributeName("length")); err == nil {
		if value, ok := found.(tftypes.Value); ok && value.IsKnown() && !value.IsNull() {
			if err := value.As(&length); err != nil {
				return nil, err
			}
		}
	}
	size, _ := length.Int64()
	planned, err := plan(schema, config, true)
	if err != nil {
		return nil, err
	}
	settled, err := settle(planned, map[string]tftypes.Value{"result": tftypes.NewValue(tftypes.String, rand.Text()+rand.Text()+rand.Text())})
	if err != nil {
		return nil, err
	}
	settled, err = tftypes.Transform(settled, func(at *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if steps := at.Steps(); len(steps) == 1 && steps[0] == tftypes.AttributeName("result") {
			var whole string
			if err := value.As(&whole); err != nil {
				return value, err
			}
			return tftypes.NewValue(tftypes.String, whole[:min(int(size), len(whole))]), nil
		}
		return value, nil
	})
	if err != nil {
		return nil, err
	}
	result, err := tfprotov6.NewDynamicValue(schema.ValueType(), settled)
	return &tfprotov6.OpenEphemeralResourceResponse{Result: &result}, err
}

func (p *provider) CloseEphemeralResource(context.Context, *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return &tfprotov6.CloseEphemeralResourceResponse{}, nil
}

func (p *provider) RenewEphemeralResource(context.Context, *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return &tfprotov6.RenewEphemeralResourceResponse{}, nil
}
