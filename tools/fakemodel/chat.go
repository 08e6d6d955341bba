package fakemodel

import (
	"fmt"
	"net/http"
)

// writeChat answers as OpenAI's POST /chat/completions does.
func writeChat(w http.ResponseWriter, a answer) {
	said, finish := object{"role": "assistant", "content": a.text()}, "stop"
	if a.tool != "" {
		call := object{
			"index": 0, "id": "call_" + a.id, "type": "function",
			"function": object{"name": a.tool, "arguments": a.argsText()},
		}
		said, finish = object{"role": "assistant", "content": nil, "tool_calls": []any{call}}, "tool_calls"
	}
	if !a.stream {
		body := chatBody(a, "chat.completion", object{"index": 0, "message": said, "finish_reason": finish})
		body["usage"] = chatUsage()
		reply(w, http.StatusOK, body)
		return
	}
	send := stream(w)
	send("", chatBody(a, "chat.completion.chunk", object{"index": 0, "delta": said, "finish_reason": nil}))
	last := chatBody(a, "chat.completion.chunk", object{"index": 0, "delta": object{}, "finish_reason": finish})
	last["usage"] = chatUsage()
	send("", last)
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func chatBody(a answer, kind string, choice object) object {
	return object{"id": "chatcmpl-" + a.id, "object": kind, "created": 1, "model": Model, "choices": []any{choice}}
}

func chatUsage() object {
	const prompt = InputTokens + CachedTokens
	return object{
		"prompt_tokens": prompt, "completion_tokens": OutputTokens, "total_tokens": prompt + OutputTokens,
		"prompt_tokens_details": object{"cached_tokens": CachedTokens},
	}
}
