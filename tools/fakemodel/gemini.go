package fakemodel

import "net/http"

// writeGemini answers as Gemini's generateContent and streamGenerateContent do.
func writeGemini(w http.ResponseWriter, a answer) {
	part := object{"text": a.text()}
	if a.tool != "" {
		part = object{"functionCall": object{"name": a.tool, "args": a.args}}
	}
	const prompt = InputTokens + CachedTokens
	body := object{
		"candidates": []any{object{
			"index": 0, "finishReason": "STOP",
			"content": object{"role": "model", "parts": []any{part}},
		}},
		"modelVersion": Model,
		"usageMetadata": object{
			"promptTokenCount": prompt, "cachedContentTokenCount": CachedTokens,
			"candidatesTokenCount": OutputTokens, "totalTokenCount": prompt + OutputTokens,
		},
	}
	if a.stream {
		stream(w)("", body)
		return
	}
	reply(w, http.StatusOK, body)
}

func countGemini(w http.ResponseWriter, _ answer) {
	reply(w, http.StatusOK, object{"totalTokens": InputTokens})
}
