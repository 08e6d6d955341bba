package fakemodel

import "net/http"

// writeAnthropic answers as POST /v1/messages does.
func writeAnthropic(w http.ResponseWriter, a answer) {
	block, stop := object{"type": "text", "text": a.text()}, "end_turn"
	if a.tool != "" {
		block, stop = object{"type": "tool_use", "id": "toolu_" + a.id, "name": a.tool, "input": a.args}, "tool_use"
	}
	message := object{
		"id": "msg_" + a.id, "type": "message", "role": "assistant", "model": Model,
		"content": []any{block}, "stop_reason": stop, "stop_sequence": nil, "usage": anthropicUsage(),
	}
	w.Header().Set("request-id", "req_"+a.id)
	if !a.stream {
		reply(w, http.StatusOK, message)
		return
	}
	message["content"], message["stop_reason"] = []any{}, nil
	opened, delta := object{"type": "text", "text": ""}, object{"type": "text_delta", "text": a.text()}
	if a.tool != "" {
		opened = object{"type": "tool_use", "id": block["id"], "name": a.tool, "input": object{}}
		delta = object{"type": "input_json_delta", "partial_json": a.argsText()}
	}
	send := stream(w)
	event := func(kind string, more object) {
		more["type"] = kind
		send(kind, more)
	}
	event("message_start", object{"message": message})
	event("content_block_start", object{"index": 0, "content_block": opened})
	event("content_block_delta", object{"index": 0, "delta": delta})
	event("content_block_stop", object{"index": 0})
	event("message_delta", object{"delta": object{"stop_reason": stop, "stop_sequence": nil}, "usage": anthropicUsage()})
	event("message_stop", object{})
}

func anthropicUsage() object {
	return object{
		"input_tokens": InputTokens, "output_tokens": OutputTokens,
		"cache_read_input_tokens": CachedTokens, "cache_creation_input_tokens": 0,
	}
}

func countAnthropic(w http.ResponseWriter, _ answer) {
	reply(w, http.StatusOK, object{"input_tokens": InputTokens})
}
