// SPDX-License-Identifier: AGPL-3.0-or-later
// Shows that an invite was used while its page is open. Without scripts the page says so after a reload.

const SECOND = 1000
const waiting = document.getElementById('claimed')
/** Milliseconds between requests: in the first five minutes, and later, for an hour. */
const FIRST_MS = 3 * SECOND
const LATER_MS = 20 * SECOND
const until = { first: Date.now() + 300 * SECOND, end: Date.now() + 3600 * SECOND }

async function poll() {
  if (document.visibilityState === 'visible') {
    try {
      const reply = await fetch(waiting.dataset.state, { cache: 'no-store' })
      if (reply.status === 404) return
      if (reply.ok && show(await reply.json())) return
    } catch {
      // offline: try again later
    }
  }
  if (Date.now() < until.end) setTimeout(poll, Date.now() < until.first ? FIRST_MS : LATER_MS)
}

/** Shows the invite's state. Returns true if it is final. */
function show({ state, used }) {
  if (used > Number(waiting.dataset.used)) waiting.hidden = false
  if (state === 'live') return false
  if (state !== 'used up') {
    location.replace(waiting.dataset.page)
    return true
  }
  waiting.hidden = false
  document.getElementById('unclaimed').hidden = true
  return true
}

setTimeout(poll, FIRST_MS)
