package fakemodel

import "net/http"

// writeResponses answers as OpenAI's POST /responses does.
func writeResponses(w http.ResponseWriter, a answer) {
	item := object{
		"type": "message", "id": "msg_" + a.id, "role": "assistant", "status": "completed",
		"content": []any{object{"type": "output_text", "text": a.text(), "annotations": []any{}}},
	}
	if a.tool != "" {
		item = object{
			"type": "function_call", "id": "fc_" + a.id, "call_id": "call_" + a.id, "status": "completed",
			"name": a.tool, "arguments": a.argsText(),
		}
	}
	response := func(status string, more object) object {
		more["id"], more["object"], more["status"], more["model"] = "resp_"+a.id, "response", status, Model
		return more
	}
	done := response("completed", object{"output": []any{item}, "usage": responsesUsage()})
	if !a.stream {
		reply(w, http.StatusOK, done)
		return
	}
	send := stream(w)
	event := func(kind string, more object) {
		more["type"] = kind
		send(kind, more)
	}
	event("response.created", object{"response": response("in_progress", object{"output": []any{}})})
	event("response.output_item.done", object{"output_index": 0, "item": item})
	event("response.completed", object{"response": done})
}

func responsesUsage() object {
	const input = InputTokens + CachedTokens
	return object{
		"input_tokens": input, "input_tokens_details": object{"cached_tokens": CachedTokens},
		"output_tokens": OutputTokens, "output_tokens_details": object{"reasoning_tokens": 0},
		"total_tokens": input + OutputTokens,
	}
}
