package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type provider struct {
	// Actions, functions, lists and state stores: not used, and a call would end this process with a clear trace.
	tfprotov6.ProviderServer

	name    string
	schemas schemas
}

func failed(summary string, err error) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{Severity: tfprotov6.DiagnosticSeverityError, Summary: summary, Detail: err.Error()}}
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	out := &tfprotov6.GetMetadataResponse{ServerCapabilities: capabilities()}
	for name := range p.schemas.resources {
		out.Resources = append(out.Resources, tfprotov6.ResourceMetadata{TypeName: name})
	}
	for name := range p.schemas.dataSources {
		out.DataSources = append(out.DataSources, tfprotov6.DataSourceMetadata{TypeName: name})
	}
	for name := range p.schemas.ephemerals {
		out.EphemeralResources = append(out.EphemeralResources, tfprotov6.EphemeralResourceMetadata{TypeName: name})
	}
	return out, nil
}

func capabilities() *tfprotov6.ServerCapabilities {
	return &tfprotov6.ServerCapabilities{GetProviderSchemaOptional: true}
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		ServerCapabilities: capabilities(), Provider: p.schemas.provider, ResourceSchemas: p.schemas.resources,
		DataSourceSchemas: p.schemas.dataSources, EphemeralResourceSchemas: p.schemas.ephemerals,
	}, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) GetFunctions(context.Context, *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return &tfprotov6.GetFunctionsResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config}, nil
}

// hashicorp/kubernetes refuses a config_path that does not exist, already while planning. That decides how the
// providers must be wired to a cluster made in the same apply, so the mocks are all that strict.
func (p *provider) ConfigureProvider(_ context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	out := &tfprotov6.ConfigureProviderResponse{}
	config, err := req.Config.Unmarshal(p.schemas.provider.ValueType())
	if err != nil {
		return nil, err
	}
	path := text(config, "config_path")
	if path == "" {
		path = text(config, "kubernetes", "config_path")
	}
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			out.Diagnostics = failed("Invalid attribute in provider configuration", fmt.Errorf("'config_path' refers to an invalid path: %w", err))
		}
	}
	return out, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (p *provider) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (p *provider) ValidateEphemeralResourceConfig(context.Context, *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov6.ValidateEphemeralResourceConfigResponse{}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	kind := p.schemas.resources[req.TypeName].ValueType()
	value, err := req.RawState.Unmarshal(kind)
	if err != nil {
		return &tfprotov6.UpgradeResourceStateResponse{Diagnostics: failed("State", err)}, nil
	}
	state, err := tfprotov6.NewDynamicValue(kind, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (p *provider) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	kind := p.schemas.resources[req.TypeName].ValueType()
	current, err := req.CurrentState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	there, err := keep(ctx, request{Op: "read", Type: req.TypeName, Name: nameOf(current), Prior: plain(current)})
	if err != nil {
		return &tfprotov6.ReadResourceResponse{Diagnostics: failed("Reading", err)}, nil
	}
	if !there {
		gone, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, nil))
		return &tfprotov6.ReadResourceResponse{NewState: &gone}, err
	}
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState, Private: req.Private}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	schema := p.schemas.resources[req.TypeName]
	proposed, err := req.ProposedNewState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	if proposed.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState}, nil
	}
	prior, err := req.PriorState.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	planned, err := plan(schema, proposed, prior.IsNull())
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(schema.ValueType(), planned)
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &state}, err
}

func (p *provider) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	schema := p.schemas.resources[req.TypeName]
	kind := schema.ValueType()
	prior, err := req.PriorState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	planned, err := req.PlannedState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	if planned.IsNull() {
		if _, err := keep(ctx, request{Op: "delete", Type: req.TypeName, Name: nameOf(prior), Prior: plain(prior)}); err != nil {
			return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Diagnostics: failed("Deleting "+nameOf(prior), err)}, nil
		}
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PlannedState}, nil
	}
	config, err := req.Config.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	op := "update"
	if prior.IsNull() {
		op = "create"
	}
	if _, err := keep(ctx, request{Op: op, Type: req.TypeName, Name: nameOf(planned), Prior: plain(prior), Config: plain(config)}); err != nil {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Diagnostics: failed("Applying "+nameOf(planned), err)}, nil
	}

	settled, err := settle(planned, map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, req.TypeName+" "+nameOf(planned))})
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(kind, settled)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: &state}, err
}
