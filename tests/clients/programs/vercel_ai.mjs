// Vercel's AI SDK in front of a server that speaks as OpenAI's does.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { jsonSchema, streamText, tool } from 'ai'
import { give, leave } from './reading.mjs'

const server = createOpenAICompatible({ name: 'scripted', baseURL: 'http://127.0.0.1:8080/v1' })
const leaving = new AbortController()
const result = streamText({
  model: server('scripted'),
  prompt: 'Is it raining in Kraków?',
  tools: {
    forecast: tool({ inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }) }),
  },
  abortSignal: leaving.signal,
})
for await (const part of result.fullStream) {
  if (give(part)) {
    leaving.abort()
    break
  }
}
await leave()
