package main

import (
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What a value's attributes are: the path's names without list indexes and map keys lead to it.
func attributeAt(block *tfprotov6.SchemaBlock, path *tftypes.AttributePath) *tfprotov6.SchemaAttribute {
	attributes, blocks := block.Attributes, block.BlockTypes
	var found *tfprotov6.SchemaAttribute
	for _, step := range path.Steps() {
		name, named := step.(tftypes.AttributeName)
		if !named {
			found = nil
			continue
		}
		found = nil
		for _, attribute := range attributes {
			if attribute.Name == string(name) {
				found = attribute
			}
		}
		if found != nil {
			attributes, blocks = nil, nil
			if found.NestedType != nil {
				attributes = found.NestedType.Attributes
			}
			continue
		}
		for _, nested := range blocks {
			if nested.TypeName == string(name) {
				attributes, blocks = nested.Block.Attributes, nested.Block.BlockTypes
				break
			}
		}
	}
	return found
}

// The planned state: what is computed and not given is unknown until it is made, and then stays as it is; what is
// write-only is never kept.
func plan(schema *tfprotov6.Schema, proposed tftypes.Value, isNew bool) (tftypes.Value, error) {
	return tftypes.Transform(proposed, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		attribute := attributeAt(schema.Block, path)
		switch {
		case attribute == nil:
			return value, nil
		case attribute.WriteOnly:
			return tftypes.NewValue(value.Type(), nil), nil
		case isNew && attribute.Computed && value.IsNull():
			return tftypes.NewValue(value.Type(), tftypes.UnknownValue), nil
		}
		return value, nil
	})
}

// The state after the apply: every unknown becomes some value of its type. `known` has better ones by name.
func settle(planned tftypes.Value, known map[string]tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(planned, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() {
			return value, nil
		}
		if steps := path.Steps(); len(steps) == 1 {
			if name, named := steps[0].(tftypes.AttributeName); named {
				if better, have := known[string(name)]; have && better.Type().Equal(value.Type()) {
					return better, nil
				}
			}
		}
		return some(value.Type()), nil
	})
}

func some(kind tftypes.Type) tftypes.Value {
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, "mock")
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, big.NewFloat(1))
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, false)
	}
	return tftypes.NewValue(kind, nil)
}

// The text at a path of names and indexes, or "".
func text(value tftypes.Value, steps ...any) string {
	path := tftypes.NewAttributePath()
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			path = path.WithAttributeName(step)
		case int:
			path = path.WithElementKeyInt(step)
		}
	}
	found, _, err := tftypes.WalkAttributePath(value, path)
	if err != nil {
		return ""
	}
	leaf, ok := found.(tftypes.Value)
	if !ok || !leaf.IsKnown() || leaf.IsNull() || !leaf.Type().Is(tftypes.String) {
		return ""
	}
	var out string
	if leaf.As(&out) != nil {
		return ""
	}
	return out
}
