package config

import "encoding/json"

// Schema returns the JSON Schema (2020-12) of study files, for completion in
// editors. The file schema.json beside this one is its output. The schema
// knows the shape of a file; names, ranges and expressions are checked by
// [Parse] alone.
func Schema() []byte {
	open := object(searchKeys)
	open["additionalProperties"] = shape{"type": "object"} // settings, by algorithm
	settings := object(scheduleKeys)
	settings["additionalProperties"] = aScalar
	root := object(topKeys)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "afina study file"
	root["required"] = []string{"parameters"}
	root["$defs"] = map[string]any{
		"objective": object(objectiveKeys),
		"parameter": object(paramKeys),
		"search":    open,
		"schedule":  settings,
	}
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil { // maps, lists and texts always marshal
		panic(err)
	}
	return append(b, '\n')
}
