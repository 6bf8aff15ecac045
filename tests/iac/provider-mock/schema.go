package main

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// One provider of `terraform providers schema -json`, with the address it stands for.
type providerSchema struct {
	Source             string                `json:"source"`
	Provider           jsonSchema            `json:"provider"`
	Resources          map[string]jsonSchema `json:"resource_schemas"`
	DataSources        map[string]jsonSchema `json:"data_source_schemas"`
	EphemeralResources map[string]jsonSchema `json:"ephemeral_resource_schemas"`
}

type jsonSchema struct {
	Version int64     `json:"version"`
	Block   jsonBlock `json:"block"`
}

type jsonBlock struct {
	Attributes map[string]jsonAttribute `json:"attributes"`
	BlockTypes map[string]jsonNested    `json:"block_types"`
}

type jsonNested struct {
	NestingMode string    `json:"nesting_mode"`
	Block       jsonBlock `json:"block"`
	MinItems    int64     `json:"min_items"`
	MaxItems    int64     `json:"max_items"`
}

type jsonAttribute struct {
	Type       json.RawMessage `json:"type"`
	NestedType *struct {
		Attributes  map[string]jsonAttribute `json:"attributes"`
		NestingMode string                   `json:"nesting_mode"`
	} `json:"nested_type"`
	Required  bool `json:"required"`
	Optional  bool `json:"optional"`
	Computed  bool `json:"computed"`
	Sensitive bool `json:"sensitive"`
	WriteOnly bool `json:"write_only"`
}

type schemas struct {
	provider    *tfprotov6.Schema
	resources   map[string]*tfprotov6.Schema
	dataSources map[string]*tfprotov6.Schema
	ephemerals  map[string]*tfprotov6.Schema
}

func (p providerSchema) convert() (out schemas, err error) {
	if out.provider, err = p.Provider.convert(); err != nil {
		return out, err
	}
	convertAll := func(in map[string]jsonSchema) (map[string]*tfprotov6.Schema, error) {
		all := map[string]*tfprotov6.Schema{}
		for name, schema := range in {
			converted, err := schema.convert()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all[name] = converted
		}
		return all, nil
	}
	if out.resources, err = convertAll(p.Resources); err != nil {
		return out, err
	}
	if out.dataSources, err = convertAll(p.DataSources); err != nil {
		return out, err
	}
	out.ephemerals, err = convertAll(p.EphemeralResources)
	return out, err
}

func (s jsonSchema) convert() (*tfprotov6.Schema, error) {
	block, err := s.Block.convert()
	if err != nil {
		return nil, err
	}
	return &tfprotov6.Schema{Version: s.Version, Block: block}, nil
}

func (b jsonBlock) convert() (*tfprotov6.SchemaBlock, error) {
	out := &tfprotov6.SchemaBlock{}
	attributes, err := convertAttributes(b.Attributes)
	if err != nil {
		return nil, err
	}
	out.Attributes = attributes
	for name, nested := range b.BlockTypes {
		block, err := nested.Block.convert()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		modes := map[string]tfprotov6.SchemaNestedBlockNestingMode{
			"list": tfprotov6.SchemaNestedBlockNestingModeList, "set": tfprotov6.SchemaNestedBlockNestingModeSet,
			"single": tfprotov6.SchemaNestedBlockNestingModeSingle, "map": tfprotov6.SchemaNestedBlockNestingModeMap,
		}
		mode, known := modes[nested.NestingMode]
		if !known {
			return nil, fmt.Errorf("%s: nesting mode %q", name, nested.NestingMode)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: block, Nesting: mode, MinItems: nested.MinItems, MaxItems: nested.MaxItems,
		})
	}
	return out, nil
}

func convertAttributes(in map[string]jsonAttribute) ([]*tfprotov6.SchemaAttribute, error) {
	var out []*tfprotov6.SchemaAttribute
	for name, attribute := range in {
		converted := &tfprotov6.SchemaAttribute{
			Name: name, Required: attribute.Required, Optional: attribute.Optional, Computed: attribute.Computed,
			Sensitive: attribute.Sensitive, WriteOnly: attribute.WriteOnly,
		}
		if attribute.NestedType != nil {
			inner, err := convertAttributes(attribute.NestedType.Attributes)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			modes := map[string]tfprotov6.SchemaObjectNestingMode{
				"list": tfprotov6.SchemaObjectNestingModeList, "set": tfprotov6.SchemaObjectNestingModeSet,
				"single": tfprotov6.SchemaObjectNestingModeSingle, "map": tfprotov6.SchemaObjectNestingModeMap,
			}
			mode, known := modes[attribute.NestedType.NestingMode]
			if !known {
				return nil, fmt.Errorf("%s: nesting mode %q", name, attribute.NestedType.NestingMode)
			}
			converted.NestedType = &tfprotov6.SchemaObject{Attributes: inner, Nesting: mode}
		} else {
			parsed, err := tftypes.ParseJSONType(attribute.Type) //nolint:staticcheck // the only parser there is
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			converted.Type = parsed
		}
		out = append(out, converted)
	}
	return out, nil
}
