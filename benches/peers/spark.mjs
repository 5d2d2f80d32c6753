// The evaluation of a round of retrieval checks in plain JavaScript, from the rules alone (Filecoin, C1 to C7).
//
// In: a file of measurements, one JSON object a line, and a round as JSON. Out: one line of JSON with seconds, from the
// file's bytes to scores and rates, and with what was found. Run: node spark.mjs measurements.jsonl round.json runs

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const WHOLE = 10n ** 15n
const STATUSES = new Map([
  [600, 'UNKNOWN_FETCH_ERROR'],
  [801, 'HOSTNAME_DNS_ERROR'],
  [802, 'CONNECTION_REFUSED'],
  [901, 'UNSUPPORTED_CID_HASH_ALGO'],
  [902, 'CONTENT_VERIFICATION_FAILED'],
  [903, 'UNEXPECTED_CAR_BLOCK'],
  [904, 'CANNOT_PARSE_CAR_FILE']
])

const sha256 = text => createHash('sha256').update(text).digest('hex')

function isValid (one) {
  return /^0x[0-9a-fA-F]{40}$/.test(one.participant_address) &&
    typeof one.inet_group === 'string' &&
    !Number.isNaN(Date.parse(one.finished_at)) &&
    Boolean(one.indexer_result) &&
    (!one.station_id || /^[0-9a-fA-F]{88}$/.test(one.station_id))
}

function resultOf (one) {
  if (one.indexer_result !== 'OK' && one.indexer_result !== 'HTTP_NOT_ADVERTISED') return `IPNI_${one.indexer_result}`
  if (one.timeout) return 'TIMEOUT'
  if (one.car_too_large) return 'CAR_TOO_LARGE'
  const status = one.status_code
  if (status >= 700 && status < 800) return 'UNSUPPORTED_MULTIADDR_FORMAT'
  if (STATUSES.has(status)) return STATUSES.get(status)
  if (status >= 300) return `${one.protocol === 'http' ? 'HTTP' : 'LASSIE'}_${status}`
  return status >= 200 && one.end_at ? 'OK' : 'UNKNOWN_ERROR'
}

// Splits at line ends before it decodes: a text of all lines would be longer than the engine allows for large rounds.
function read (bytes) {
  const measurements = []
  let dropped = 0
  for (let start = 0; start < bytes.length;) {
    let end = bytes.indexOf(10, start)
    if (end < 0) end = bytes.length
    if (end > start) {
      try {
        const one = JSON.parse(bytes.toString('utf8', start, end))
        if (isValid(one)) {
          one.result = resultOf(one)
          measurements.push(one)
        } else {
          dropped++
        }
      } catch {
        dropped++
      }
    }
    start = end + 1
  }
  return { measurements, dropped }
}

const taskOf = one => `${one.cid}\n${one.miner_id}`

function labelTasking (measurements, round) {
  const keys = round.tasks.map(([cid, miner]) => BigInt('0x' + sha256(`${cid}\n${miner}\n${round.randomness}`)))
  const places = new Map(round.tasks.map(([cid, miner], place) => [`${cid}\n${miner}`, place]))
  const stations = new Map()
  const subnets = new Map()
  for (const one of measurements) {
    const place = places.get(taskOf(one))
    if (place === undefined) {
      one.tasking = 'TASK_NOT_IN_ROUND'
      continue
    }
    const station = one.station_id ?? ''
    let allowed = stations.get(station)
    if (!allowed) {
      const own = BigInt('0x' + sha256(station))
      const distances = keys.map((key, at) => [own ^ key, at])
      distances.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      allowed = new Set(distances.slice(0, round.most).map(([, at]) => at))
      stations.set(station, allowed)
    }
    if (!allowed.has(place)) {
      one.tasking = 'TASK_WRONG_NODE'
      continue
    }
    const order = sha256(new Date(one.finished_at).toISOString())
    const members = subnets.get(one.inet_group)
    if (members) members.push({ order, place, one })
    else subnets.set(one.inet_group, [{ order, place, one }])
  }
  for (const members of subnets.values()) {
    members.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    const taken = new Set()
    for (const { place, one } of members) {
      if (taken.has(place)) one.tasking = 'DUP_INET_GROUP'
      else if (taken.size >= round.most) one.tasking = 'TOO_MANY_TASKS'
      else {
        one.tasking = 'OK'
        taken.add(place)
      }
    }
  }
}

// The value of more than half of the votes, or null.
function majority (votes) {
  const counts = new Map()
  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1)
  for (const [vote, count] of counts) if (2 * count > votes.length) return vote
  return null
}

function labelConsensus (measurements, round) {
  const committees = new Map()
  for (const one of measurements) {
    if (one.tasking !== 'OK') continue
    const task = taskOf(one)
    const members = committees.get(task)
    if (members) members.push(one)
    else committees.set(task, [one])
  }
  const decided = { index: 0, retrieval: 0, subnets: 0, participants: 0 }
  const miners = {}
  for (const members of committees.values()) {
    const index = members.map(one => JSON.stringify([
      one.provider_id ?? null, one.indexer_result, one.provider_address ?? null, one.protocol ?? null
    ]))
    const retrieval = members.map((one, at) => JSON.stringify([
      index[at], one.result, one.byte_length ?? null, one.car_checksum ?? null
    ]))
    const isTooSmall = members.length < round.required
    const won = majority(retrieval)
    if (!isTooSmall && majority(index) !== null) decided.index++
    if (!isTooSmall && won !== null) decided.retrieval++
    decided.subnets += new Set(members.map(one => one.inet_group)).size
    decided.participants += new Set(members.map(one => one.participant_address)).size
    const rates = (miners[members[0].miner_id] ??= [0, 0, 0])
    members.forEach((one, at) => {
      if (isTooSmall) one.consensus = 'COMMITTEE_TOO_SMALL'
      else if (won === null) one.consensus = 'MAJORITY_NOT_FOUND'
      else one.consensus = retrieval[at] === won ? 'MAJORITY_RESULT' : 'MINORITY_RESULT'
      const isOk = one.result === 'OK'
      rates[0]++
      if (isOk) rates[1]++
      if (isOk && one.protocol === 'http') rates[2]++
    })
  }
  return { committees: committees.size, decided, miners }
}

function scoresOf (measurements) {
  const accepted = new Map()
  let all = 0n
  for (const one of measurements) {
    if (one.tasking !== 'OK' || one.consensus !== 'MAJORITY_RESULT') continue
    const who = one.participant_address.toLowerCase()
    accepted.set(who, (accepted.get(who) ?? 0n) + 1n)
    all++
  }
  return Object.fromEntries([...accepted].map(([who, count]) => [who, (count * WHOLE / all).toString()]))
}

function evaluate (bytes, round) {
  const { measurements, dropped } = read(bytes)
  labelTasking(measurements, round)
  const found = labelConsensus(measurements, round)
  return { dropped, ...found, scores: scoresOf(measurements), measurements }
}

const [, , file, about, runs] = process.argv
const [bytes, round] = [readFileSync(file), JSON.parse(readFileSync(about, 'utf8'))]
const seconds = []
let found
for (let run = 0; run < Number(runs); run++) {
  found = undefined
  const start = process.hrtime.bigint()
  found = evaluate(bytes, round)
  seconds.push(Number(process.hrtime.bigint() - start) / 1e9)
}
const { measurements, ...summary } = found
const labels = createHash('sha256')
for (const one of measurements) labels.update(`${one.tasking} ${one.consensus ?? ''} ${one.result}\n`)
console.log(JSON.stringify({ seconds, labels: labels.digest('hex'), ...summary }))
