// The evaluation of a round of retrieval checks by the network's own evaluator, as npm publishes it.
//
// In: the folder that holds `node_modules`, a round as JSON, and its files of measurements, one JSON object a line (more
// than about 100,000 in one file are too many for the evaluator). Out: one line of JSON with seconds, from the files'
// bytes to scores and rates, and with what was found. The beacon's randomness is given instead of fetched, nothing is
// sent, and telemetry is left out; the rest is the evaluator's.
// Run: node spark_reference.mjs folder round.json runs measurements-0.jsonl ...

import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , folder, about, runs, ...files] = process.argv
const given = JSON.parse(readFileSync(about, 'utf8'))

const beacon = `export const getRandomnessForSparkRound = async () => '${given.randomness}'`
const hooks = `
  const beacon = ${JSON.stringify('data:text/javascript,' + encodeURIComponent(beacon))}
  export const resolve = (name, context, next) =>
    name.endsWith('/drand-client.js') ? { url: beacon, shortCircuit: true } : next(name, context)`
register('data:text/javascript,' + encodeURIComponent(hooks))

const library = name => {
  const path = join(resolve(folder), 'node_modules/@filecoin-station/spark-evaluate/lib', name)
  return import(pathToFileURL(path).href)
}
const { parseMeasurements, preprocess } = await library('preprocess.js')
const { evaluate } = await library('evaluate.js')
const { RoundData } = await library('round.js')
const { build } = await library('provider-retrieval-result-stats.js')

const details = {
  retrievalTasks: given.tasks.map(([cid, minerId]) => ({ cid, minerId, clients: [] })),
  maxTasksPerNode: given.most,
  startEpoch: '0'
}
const logger = { log () {}, error () {} }

async function run () {
  const round = new RoundData(1n)
  const found = { round, scores: new Map(), miners: new Map() }
  for (const file of files) {
    await preprocess({
      roundIndex: 1n,
      round,
      cid: file,
      fetchMeasurements: async () => parseMeasurements(readFileSync(file, 'utf8')),
      recordTelemetry () {},
      logger,
      fetchRetries: 0
    })
  }
  await evaluate({
    round,
    roundIndex: 1n,
    requiredCommitteeSize: given.required,
    ieContract: { getAddress: async () => '0x0' },
    fetchRoundDetails: async () => details,
    setScores: async (participants, scores) => {
      participants.forEach((who, at) => found.scores.set(who.toLowerCase(), scores[at].toString()))
    },
    recordTelemetry () {},
    logger,
    prepareProviderRetrievalResultStats: async (_, committees) => {
      found.miners = build(committees)
    }
  })
  return found
}

const seconds = []
let found
for (let at = 0; at < Number(runs); at++) {
  found = undefined
  const start = process.hrtime.bigint()
  found = await run()
  seconds.push(Number(process.hrtime.bigint() - start) / 1e9)
}
console.log(JSON.stringify({
  seconds,
  labels: found.round.measurements.map(one => [one.fraudAssessment, one.retrievalResult]),
  miners: Object.fromEntries([...found.miners].map(([miner, of]) => [
    miner, [of.total, of.successful, of.successfulHttp]
  ])),
  scores: Object.fromEntries(found.scores)
}))
