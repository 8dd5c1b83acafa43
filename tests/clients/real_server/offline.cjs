// Loaded into the real server: what it would fetch from the internet is not there, and that at once.
// Its library looks for a tokenizer before each answer is done, and tries for minutes where it can't reach it:
// it gets one that knows nothing, and counts roughly.
const fetch = globalThis.fetch
const TOKENIZER = JSON.stringify({ pat_str: '.', special_tokens: {}, bpe_ranks: '' })

globalThis.fetch = async (resource, options) => {
  const { hostname } = new URL(resource.url ?? resource)
  return hostname === '127.0.0.1' ? fetch(resource, options) : new Response(TOKENIZER)
}
