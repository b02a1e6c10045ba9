// What is kept for those who may come back: two groups, each with its own cap, and nothing expired.

import t from 'tap'
import { Returning } from '../src/returning.js'

t.test('newcomers make room for newcomers, the known for the known', async (t) => {
  const dropped: string[] = []
  const kept = new Returning<string>(
    2,
    () => false,
    (value) => dropped.push(value),
  )
  for (const id of ['a', 'b']) {
    kept.add(id, id)
    t.equal(kept.get(id), id)
  }
  for (const id of ['c', 'd', 'e']) kept.add(id, id)
  t.same(dropped, ['c'])
  t.equal(kept.size, 4)
  t.equal(kept.get('a'), 'a', 'used more lately than b')
  t.equal(kept.get('d'), 'd', 'comes back, and b makes room')
  t.same(dropped, ['c', 'b'])
  t.same([...kept.values()].map(([id]) => id).sort(), ['a', 'd', 'e'])
  kept.delete('a')
  t.equal(kept.get('a'), undefined)
  for (const id of ['__proto__', 'constructor', '']) t.equal(kept.get(id), undefined)
  kept.clear()
  t.equal(kept.size, 0)
})

t.test('what has expired is not found, and told', async (t) => {
  let now = 0
  const dropped: number[] = []
  const kept = new Returning<number>(
    9,
    (until) => until <= now,
    (until) => dropped.push(until),
  )
  kept.add('long', 100)
  kept.add('short', 10)
  kept.get('long')
  kept.get('short')
  now = 10
  t.equal(kept.get('short'), undefined, 'though what lives longer stands before it')
  t.equal(kept.get('long'), 100)
  now = 100
  t.equal(kept.get('long'), undefined)
  t.same(dropped.includes(100), true)
})
