// What the programs in JavaScript tell of what their client gave them: see reading.py.

export const enough = Number(process.env.LEAVE_AFTER ?? 0)
let given = 0

/** Tells of an event; true where the reader has had enough. */
export function give(event) {
  given += 1
  process.stdout.write(JSON.stringify(event) + '\n')
  return given === enough
}

/** Says that the client has left, and keeps the process: it is not its end that the server notices. */
export async function leave() {
  if (given !== enough) return
  process.stdout.write('left\n')
  for await (const _ of process.stdin);
}
