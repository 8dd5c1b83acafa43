// console.log prints a value as JSON, which can be compared, and a string as it is.
console.log = (...values) => {
  const spelled = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  process.stdout.write(spelled.join(' ') + '\n')
}
