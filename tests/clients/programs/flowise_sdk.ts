// The prediction server's TypeScript library.
import { FlowiseClient } from 'flowise-sdk'
import { give } from './reading.mjs'

async function main() {
  const client = new FlowiseClient({ baseUrl: 'http://127.0.0.1:8080' })
  const prediction = await client.createPrediction({
    chatflowId: 'conversation',
    question: 'Tell me a joke!',
    streaming: true,
  })
  for await (const chunk of prediction) {
    // Leaving the loop would not be enough: the library never lets go of the connection.
    if (give(chunk)) process.exit()
  }
}

main()
